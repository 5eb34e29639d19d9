Feature: Mycophenolate for muscle, skin and calcinosis
  An option; the dose is that of the paediatric transplant label, 600 mg per square metre twice a day, at most 1 g a dose.

  @S10
  Scenario: Active muscle disease
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And the muscle disease is active
    And everything else that mycophenolate needs is known and unremarkable
    When the guideline is applied
    Then mycophenolate is an option at 576.89 mg a dose, twice a day
    And mycophenolate cites Enders 2017 (SHARE), evidence level 3, strength C
    And mycophenolate comes with the caution "use the suspension"

  @S10
  Scenario: The dose reaches its cap
    Given a 15-year-old boy, 160 cm tall, weighing 62.5 kg
    And established, active juvenile dermatomyositis
    And the skin disease is active
    And everything else that mycophenolate needs is known and unremarkable
    When the guideline is applied
    Then mycophenolate is an option at 1000 mg a dose, twice a day

  @S10
  Scenario: Nothing is active
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And juvenile dermatomyositis in remission
    And neither muscle nor skin disease is active
    And no calcinosis
    And everything else that mycophenolate needs is known and unremarkable
    When the guideline is applied
    Then mycophenolate does not apply

  @S10
  Scenario Outline: Reasons against mycophenolate
    Given a 16-year-old girl, 165 cm tall, weighing 60 kg
    And established, active juvenile dermatomyositis
    And the skin disease is active
    And she could become pregnant
    And <finding>
    And everything else that mycophenolate needs is known and unremarkable
    When the guideline is applied
    Then mycophenolate is withheld because "<reason>"
    Examples:
      | finding                                  | reason                                   |
      | she is pregnant                          | contraindicated in pregnancy             |
      | she uses no highly effective contraception | without highly effective contraception |
      | she is breastfeeding                     | contraindicated while breastfeeding      |
      | an allergy to mycophenolate              | Hypersensitivity to mycophenolate        |
      | an active serious infection              | not started in an active serious infection |
      | a live vaccine is planned                | avoid live vaccines with mycophenolate   |

  @S10
  Scenario: Under 2 years
    Given an 18-month-old boy, 80 cm tall, weighing 11 kg
    And established, active juvenile dermatomyositis
    And the skin disease is active
    And everything else that mycophenolate needs is known and unremarkable
    When the guideline is applied
    Then mycophenolate is withheld because "Under 2 years mycophenolate is not recommended"

  @S10
  Scenario: The weight is missing
    Given an 8-year-old boy, 128 cm tall
    And established, active juvenile dermatomyositis
    And the muscle disease is active
    And everything else that mycophenolate needs is known and unremarkable
    When the guideline is applied
    Then mycophenolate waits for the weight
    And no dose of mycophenolate is offered
