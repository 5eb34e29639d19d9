Feature: Options from outside the guideline
  They are labelled as such, are never more than an option, carry no dose, and warfarin is not among them.

  @X1 @X2 @X4
  Scenario: Established calcinosis
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And established, active juvenile dermatomyositis
    And established calcinosis
    And takes no medicines
    When the guideline is applied
    Then a bisphosphonate is an option
    And a bisphosphonate is labelled as outside the guideline
    And a bisphosphonate comes with the caution "The skeleton may still be growing"
    And sodium thiosulfate is an option
    And sodium thiosulfate is labelled as outside the guideline
    And diltiazem is an option
    And diltiazem is labelled as outside the guideline
    And a bisphosphonate cites Traineau 2020, evidence level IV, strength not read
    And nothing from outside the guideline is more than an option
    And warfarin is never offered
    And no dose of pamidronate is offered

  @X1 @X2 @X4
  Scenario Outline: Too early, or another cause
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And <disease>
    And <calcinosis>
    And takes no medicines
    When the guideline is applied
    Then a bisphosphonate does not apply
    And sodium thiosulfate does not apply
    And diltiazem does not apply
    Examples:
      | disease                                      | calcinosis             |
      | established, active juvenile dermatomyositis | developing calcinosis  |
      | established, active juvenile dermatomyositis | no calcinosis          |
      | newly diagnosed juvenile dermatomyositis     | established calcinosis |

  @X1 @X2 @X4
  Scenario: Calcinosis of another cause
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And established, active juvenile dermatomyositis
    And established calcinosis
    And the calcinosis is due to fibrodysplasia ossificans progressiva
    And takes no medicines
    When the guideline is applied
    Then a bisphosphonate does not apply
    And sodium thiosulfate does not apply
    And diltiazem does not apply

  @X1
  Scenario Outline: Low calcium and low vitamin D are corrected before a bisphosphonate
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And established, active juvenile dermatomyositis
    And established calcinosis
    And takes no medicines
    And <finding>
    When the guideline is applied
    Then a bisphosphonate is withheld because "<reason>"
    Examples:
      | finding                                      | reason                             |
      | a calcium of 2.1 mmol/L (normal 2.2 to 2.65) | below the laboratory's lower limit |
      | a vitamin D of 29 nmol/L                     | Vitamin D is low                   |

  @X1
  Scenario: The allergy to one bisphosphonate is no allergy to another
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And established, active juvenile dermatomyositis
    And established calcinosis
    And takes no medicines
    And an allergy to pamidronate
    When the guideline is applied
    Then a bisphosphonate is an option
    And a bisphosphonate is given as alendronate

  @X3
  Scenario: Calcinosis in refractory disease
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And established, active juvenile dermatomyositis
    And developing calcinosis
    And the disease is resistant to treatment
    And a raised risk of thrombosis
    And takes no medicines
    When the guideline is applied
    Then a JAK inhibitor is an option
    And a JAK inhibitor is labelled as outside the guideline
    And a JAK inhibitor comes with the caution "Raised risk of thrombosis"
    And no dose of tofacitinib is offered

  @X3
  Scenario: A live vaccine and a JAK inhibitor
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And established, active juvenile dermatomyositis
    And developing calcinosis
    And the disease is resistant to treatment
    And a live vaccine is planned
    And takes no medicines
    When the guideline is applied
    Then a JAK inhibitor is withheld because "no live vaccine with a JAK inhibitor"

  @X3
  Scenario: The disease responds
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And established, active juvenile dermatomyositis
    And developing calcinosis
    And the disease responds to treatment
    And takes no medicines
    When the guideline is applied
    Then a JAK inhibitor does not apply

  @X8
  Scenario: A deposit that troubles the child
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And established, active juvenile dermatomyositis
    And established calcinosis
    And the calcinosis is particularly symptomatic
    And takes no medicines
    When the guideline is applied
    Then minocycline is an option
    And minocycline is labelled as outside the guideline

  @X8
  Scenario: A deposit that does not
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And established, active juvenile dermatomyositis
    And established calcinosis
    And the clinician judges no deposit to be large or particularly symptomatic
    And takes no medicines
    When the guideline is applied
    Then minocycline does not apply

  @X8
  Scenario Outline: Minocycline and age
    Given a <age>-year-old boy
    And established, active juvenile dermatomyositis
    And established calcinosis
    And the calcinosis is particularly symptomatic
    And takes no medicines
    When the guideline is applied
    Then minocycline <outcome>
    Examples:
      | age | outcome                                           |
      | 8   | is an option                                      |
      | 7   | is withheld because "No minocycline under 8 years" |

  @X8
  Scenario: Minocycline and pregnancy
    Given a 16-year-old girl
    And established, active juvenile dermatomyositis
    And established calcinosis
    And the calcinosis is particularly symptomatic
    And she is pregnant
    And takes no medicines
    When the guideline is applied
    Then minocycline is withheld because "No minocycline in pregnancy"

  @X14
  Scenario: Mainly the skin is affected
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And established, active juvenile dermatomyositis
    And the skin disease is active
    And the skin features are prominent
    And the muscle disease has settled
    And takes no medicines
    When the guideline is applied
    Then hydroxychloroquine is an option
    And hydroxychloroquine is labelled as outside the guideline
    And the text of hydroxychloroquine says "showed no better skin score"
    And no dose of hydroxychloroquine is offered

  @X14
  Scenario: The muscles are affected as well
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And established, active juvenile dermatomyositis
    And the skin disease is active
    And the skin features are prominent
    And the muscle disease is active
    And takes no medicines
    When the guideline is applied
    Then hydroxychloroquine does not apply
