Feature: Units
  Values are converted once; a number without a unit is never used.

  @S09a
  Scenario: Inches and pounds
    Given an 8-year-old boy, 50 inches tall, weighing 60 pounds
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is recommended at 14.7 to 19.6 mg once a week

  @S09a
  Scenario: Metres and grams
    Given an 8-year-old boy, 1.28 m tall, weighing 26000 g
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is recommended at 14.42 to 19.23 mg once a week

  @S09a
  Scenario: A weight without a unit
    Given an 8-year-old boy, 128 cm tall
    And a weight written as 26 without a unit
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate waits for the weight
    And the problem "has no unit" is reported
    And no dose of methotrexate is offered
