Feature: The steroid, its partner and its weaning
  A steroid is not given alone, methotrexate is the preferred partner, and the steroid is weaned as the patient improves.

  @S14
  Scenario: A child who improves on prednisolone
    Given an 8-year-old girl
    And established, active juvenile dermatomyositis
    And takes prednisolone 20 mg every day
    And the patient is improving
    When the guideline is applied
    Then weaning of the steroid is recommended
    And weaning of the steroid cites Enders 2017 (SHARE), evidence level 4, strength D
    And weaning of the steroid comes with the caution "never end the corticosteroid abruptly"

  @S14
  Scenario: No improvement, no weaning
    Given an 8-year-old girl
    And established, active juvenile dermatomyositis
    And takes prednisolone 20 mg every day
    And the patient is not improving
    When the guideline is applied
    Then weaning of the steroid does not apply

  @S14
  Scenario: No steroid, no weaning
    Given an 8-year-old girl
    And established, active juvenile dermatomyositis
    And takes no medicines
    And the patient is improving
    When the guideline is applied
    Then weaning of the steroid does not apply

  @S14
  Scenario: A flare stops the weaning
    Given an 8-year-old girl
    And juvenile dermatomyositis in flare
    And takes prednisolone 20 mg every day
    And the patient is improving
    When the guideline is applied
    Then weaning of the steroid is withheld because "not weaned now"

  @S14
  Scenario: Whether the child improves is asked
    Given an 8-year-old girl
    And established, active juvenile dermatomyositis
    And takes prednisolone 20 mg every day
    When the guideline is applied
    Then weaning of the steroid waits for the clinical improvement

  @S15a @S15b
  Scenario: Methotrexate is the preferred partner
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And takes prednisolone 20 mg every day
    And everything else that methotrexate needs is known and unremarkable
    And everything else that ciclosporin needs is known and unremarkable
    When the guideline is applied
    Then a partner for the steroid is recommended at 14.42 to 19.23 mg once a week
    And a partner for the steroid is given as methotrexate
    And a partner for the steroid cites Enders 2017 (SHARE), evidence level 1B, strength A

  @S15a @S15b
  Scenario: Ciclosporin where methotrexate is excluded
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And takes prednisolone 20 mg every day
    And an allergy to methotrexate
    And everything else that methotrexate needs is known and unremarkable
    And everything else that ciclosporin needs is known and unremarkable
    When the guideline is applied
    Then a partner for the steroid is recommended
    And a partner for the steroid is given as ciclosporin
    And no dose of methotrexate is offered

  @S15a @S15b
  Scenario: Both partners are excluded
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And takes prednisolone 20 mg every day
    And an allergy to methotrexate
    And uncontrolled hypertension
    And everything else that methotrexate needs is known and unremarkable
    And everything else that ciclosporin needs is known and unremarkable
    When the guideline is applied
    Then a partner for the steroid is withheld because "Blood pressure is not controlled"
    And 2 reasons against a partner for the steroid are listed

  @S15a @S15b
  Scenario: A child who has a partner already
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And takes azathioprine every day
    When the guideline is applied
    Then a partner for the steroid does not apply
