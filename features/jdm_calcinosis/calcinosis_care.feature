Feature: Care of a child with calcinosis
  A team with physiotherapy comes first; immunosuppression may be stepped up; surgery is a clinician's judgement.

  @S01a @S03 @S04a @S04b
  Scenario: The team around a child with the disease
    Given an 8-year-old girl
    And confirmed juvenile dermatomyositis
    And developing calcinosis
    When the guideline is applied
    Then multidisciplinary care is recommended
    And multidisciplinary care cites Enders 2017 (SHARE), evidence level 4, strength D
    And a physiotherapist and a specialist nurse in the team is recommended
    And a physiotherapist and a specialist nurse in the team is marked as uncited
    And physiotherapy is recommended
    And physiotherapy is marked as uncited
    And the text of physiotherapy says "no source for this frequency was found"

  @S01a @S03 @S04a @S04b
  Scenario: Neither the disease nor calcinosis
    Given an 8-year-old girl
    And juvenile dermatomyositis has been ruled out
    And no calcinosis
    When the guideline is applied
    Then multidisciplinary care does not apply
    And a physiotherapist and a specialist nurse in the team does not apply
    And physiotherapy does not apply

  @S01b @S08
  Scenario Outline: Stepping up treatment when calcinosis develops or is there
    Given an 8-year-old girl
    And established, active juvenile dermatomyositis
    And <calcinosis>
    When the guideline is applied
    Then stepping up of immunosuppression is worth considering
    Examples:
      | calcinosis             |
      | developing calcinosis  |
      | established calcinosis |

  @S01b @S08
  Scenario: Nothing to step up for without calcinosis
    Given an 8-year-old girl
    And established, active juvenile dermatomyositis
    And no calcinosis
    When the guideline is applied
    Then stepping up of immunosuppression does not apply

  @S01b @S08
  Scenario Outline: What stands against stepping up
    Given an 8-year-old girl
    And established, active juvenile dermatomyositis
    And established calcinosis
    And <finding>
    When the guideline is applied
    Then stepping up of immunosuppression is withheld because "<reason>"
    Examples:
      | finding                     | reason                                                |
      | an active serious infection | do not intensify immunosuppression                    |
      | a live vaccine is planned   | settle its timing before immunosuppression            |
      | a blood dyscrasia           | clear this up before immunosuppression is intensified |

  @S08
  Scenario: Methotrexate as a way to step up
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And established calcinosis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate to step up treatment is worth considering at 14.42 to 19.23 mg once a week

  @S05
  Scenario Outline: Surgery for large or particularly symptomatic deposits
    Given a 14-year-old boy
    And juvenile dermatomyositis in remission
    And established calcinosis
    And the calcinosis is due to the dermatomyositis
    And <judgement>
    When the guideline is applied
    Then surgical removal is an option
    And surgical removal is marked as uncited
    Examples:
      | judgement                                  |
      | the clinician judges a deposit to be large |
      | the calcinosis is particularly symptomatic |

  @S05
  Scenario: A clinician who judges no deposit to be large or symptomatic
    Given a 14-year-old boy
    And established calcinosis
    And the clinician judges no deposit to be large or particularly symptomatic
    When the guideline is applied
    Then surgical removal does not apply

  @S05
  Scenario: A number of millimetres never decides about surgery
    Given a 14-year-old boy
    And established calcinosis
    And the calcinosis is due to the dermatomyositis
    And a deposit of 120 mm
    When the guideline is applied
    Then surgical removal waits for the large calcinosis lesion

  @S05 @S04a
  Scenario: Never operate in fibrodysplasia ossificans progressiva
    Given a 7-year-old boy
    And established calcinosis
    And the calcinosis is due to fibrodysplasia ossificans progressiva
    And the clinician judges a deposit to be large
    When the guideline is applied
    Then surgical removal is withheld because "never operate on a lesion"
    And physiotherapy is withheld because "Only a team that knows FOP decides"

  @S12 @S13
  Scenario: Sun protection and supervised exercise
    Given an 8-year-old girl
    And confirmed juvenile dermatomyositis
    When the guideline is applied
    Then sun protection is recommended
    And sun protection cites Enders 2017 (SHARE), evidence level 4, strength D
    And a supervised exercise programme is recommended

  @S12 @S13
  Scenario: Calcinosis without the disease
    Given an 8-year-old girl
    And juvenile dermatomyositis has been ruled out
    And established calcinosis
    When the guideline is applied
    Then sun protection does not apply
    And a supervised exercise programme does not apply
