Feature: Methotrexate at the onset of the disease
  Methotrexate is started when juvenile dermatomyositis is diagnosed: once a week, preferably under the skin.

  @S09a @S09b
  Scenario: A child with new disease and no reason against it
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is recommended at 14.42 to 19.23 mg once a week
    And methotrexate is preferably given under the skin
    And ready-made syringes of 15 and 17.5 mg fit
    And methotrexate cites Enders 2017 (SHARE), evidence level 4, strength D
    And the notices say that this is for education only and was not approved by a clinician

  @S09a @S09b
  Scenario: Established disease is not disease onset
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate does not apply

  @S09a
  Scenario: A child who already takes methotrexate is not started on it again
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And takes methotrexate 15 mg once a week
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate does not apply
    And no alert is given

  @S09a
  Scenario: The family reads other words, and the same dose
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied for the family
    Then methotrexate is recommended at 14.42 to 19.23 mg once a week
    And the text of methotrexate says "always on the same day and never every day"

  @S09a
  Scenario: Under 3 years the label is left behind
    Given a 28-month-old boy, 88 cm tall, weighing 12.5 kg
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is recommended at 8.29 to 11.06 mg once a week
    And methotrexate comes with the caution "the label for juvenile arthritis begins at 3 years"
