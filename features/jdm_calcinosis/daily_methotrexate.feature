Feature: Methotrexate is never taken daily
  Daily methotrexate by mistake has killed. It comes before everything else, and no dose is offered beside it.

  @S09a
  Scenario: Methotrexate every day
    Given an 11-year-old boy, 142 cm tall, weighing 34 kg
    And newly diagnosed juvenile dermatomyositis
    And takes methotrexate 15 mg every day
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then the first thing said is the critical alert "over a week the list adds up to 105 mg/week"
    And an alert says "above the absolute weekly maximum"
    And methotrexate does not apply
    And no dose of methotrexate is offered

  @S08 @S10
  Scenario: A possible overdose withholds other immunosuppression
    Given an 11-year-old boy, 142 cm tall, weighing 34 kg
    And established, active juvenile dermatomyositis
    And developing calcinosis
    And takes methotrexate 2.5 mg every day
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then the first thing said is the critical alert "over a week the list adds up to 17.5 mg/week"
    And stepping up of immunosuppression is withheld because "Exclude an overdose"
    And mycophenolate is withheld because "Exclude an overdose"
    And no dose of methotrexate is offered
    And no dose of mycophenolate is offered

  Scenario: Methotrexate several times a week
    Given an 11-year-old boy
    And takes methotrexate 5 mg three times a week
    When the guideline is applied
    Then the first thing said is the critical alert "an interval that is not once a week"

  Scenario: Methotrexate on the list without saying how often
    Given an 11-year-old boy
    And takes methotrexate 15 mg
    When the guideline is applied
    Then an alert says "how often it is taken is not known"
    And the answer asks for the current medications
    And no dose of methotrexate is offered

  Scenario: Methotrexate once a week is no alarm
    Given an 11-year-old boy
    And takes methotrexate 40 mg once a week
    When the guideline is applied
    Then no alert is given

  Scenario: More than the weekly maximum
    Given an 11-year-old boy
    And takes methotrexate 42.5 mg once a week
    When the guideline is applied
    Then the first thing said is the critical alert "adds up to 42.5 mg/week, above the absolute weekly maximum"
