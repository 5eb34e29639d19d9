Feature: Induction of new disease
  New disease is induced with a high-dose steroid and methotrexate, by mouth or, where absorption is in doubt, into a vein.

  @T4
  Scenario: A child with new disease and sound absorption
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And absorption by mouth is not in doubt
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then induction by mouth is recommended
    And induction by mouth includes prednisolone at 26 to 52 mg a day
    And induction by mouth includes methotrexate at 14.42 to 19.23 mg once a week
    And induction by mouth cites Enders 2017 (SHARE), evidence level 1B, strength A
    And induction into a vein does not apply
    And a steroid into a vein does not apply

  @T4
  Scenario Outline: Prednisolone reaches its maximum of 60 mg a day
    Given a 16-year-old boy, 170 cm tall, weighing <weight> kg
    And newly diagnosed juvenile dermatomyositis
    And absorption by mouth is not in doubt
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then induction by mouth is recommended
    And induction by mouth includes prednisolone at <dose> mg a day
    Examples:
      | weight | dose       |
      | 29     | 29 to 58   |
      | 30     | 30 to 60   |
      | 45     | 45 to 60   |
      | 60     | 60         |
      | 75     | 60         |

  @T4
  Scenario: Doubt about absorption turns the induction into a vein
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And absorption by mouth is in doubt
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then induction into a vein is recommended
    And induction into a vein includes methylprednisolone at 390 to 780 mg a dose, once a day on 3 days
    And induction into a vein includes methotrexate at 14.42 to 19.23 mg once a week
    And induction by mouth does not apply

  @T4 @T5
  Scenario: Methotrexate is excluded and the steroid stands alone
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And absorption by mouth is not in doubt
    And alcohol misuse
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then induction by mouth is withheld because "contraindicated in alcohol misuse"
    And a steroid by mouth is recommended at 26 to 52 mg a day
    And a steroid by mouth cites Enders 2017 (SHARE), evidence level 2A, strength B
    And no dose of methotrexate is offered

  @T5
  Scenario Outline: No steroid by mouth
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And <disease>
    And <finding>
    When the guideline is applied
    Then a steroid by mouth does not apply
    Examples:
      | disease                                      | finding                              |
      | newly diagnosed juvenile dermatomyositis     | absorption by mouth is in doubt      |
      | newly diagnosed juvenile dermatomyositis     | takes prednisolone 40 mg every day   |
      | established, active juvenile dermatomyositis | takes no medicines                   |

  @T4
  Scenario: A steroid that caused a reaction is not given again
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And absorption by mouth is not in doubt
    And an allergy to prednisolone
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then induction by mouth is withheld because "Hypersensitivity to prednisolone is recorded"

  @T4 @T5
  Scenario: The kidneys are not known
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And the serum creatinine is not known
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then induction by mouth waits for the serum creatinine
    And a steroid by mouth is recommended at 26 to 52 mg a day
    And no dose of methotrexate is offered

  @T4 @T5
  Scenario: Induction has begun
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And takes prednisolone 40 mg every day
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then induction by mouth does not apply
    And induction into a vein does not apply
    And a steroid by mouth does not apply

  @T6
  Scenario Outline: Methylprednisolone reaches its maximum of 1 g a day
    Given a 16-year-old boy, 170 cm tall, weighing <weight> kg
    And newly diagnosed juvenile dermatomyositis
    And absorption by mouth is in doubt
    And takes no medicines
    When the guideline is applied
    Then a steroid into a vein is recommended at <dose> mg a dose, once a day on 3 days
    And a steroid into a vein cites Enders 2017 (SHARE), evidence level 3, strength C
    Examples:
      | weight | dose         |
      | 33     | 495 to 990   |
      | 34     | 510 to 1000  |
      | 66     | 990 to 1000  |
      | 67     | 1000         |

  @T6
  Scenario: Trouble with swallowing counts as doubt about absorption
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And difficulty swallowing
    And takes no medicines
    When the guideline is applied
    Then a steroid into a vein is recommended at 390 to 780 mg a dose, once a day on 3 days
    And urgent referral is recommended

  @T6
  Scenario Outline: A high dose that may not be absorbed
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And absorption by mouth is in doubt
    And takes prednisolone <dose> mg every day
    When the guideline is applied
    Then a steroid into a vein <outcome>
    Examples:
      | dose | outcome        |
      | 20   | is recommended |
      | 19.9 | does not apply |

  @T6
  Scenario: Nobody has asked about absorption
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And takes no medicines
    When the guideline is applied
    Then a steroid into a vein waits for the doubt about absorption
    And no dose of methylprednisolone is offered

  @T6
  Scenario: An active infection is a caution against a high dose, not a stop
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And absorption by mouth is in doubt
    And an active serious infection
    And takes no medicines
    When the guideline is applied
    Then a steroid into a vein is recommended
    And a steroid into a vein comes with the caution "a clinician weighs the high dose"
