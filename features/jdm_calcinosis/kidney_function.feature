Feature: Kidney function and methotrexate
  Below an eGFR of 30 methotrexate is withheld, from 30 to below 60 it is halved, from 60 on it is given in full.

  @S09a
  Scenario Outline: The bands of the label
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And an eGFR of <value>
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is recommended at <dose> mg once a week
    Examples: at and around the borders
      | value | dose           |
      | 30    | 9.68 to 12.91  |
      | 59.9  | 9.68 to 12.91  |
      | 60    | 19.36 to 25.82 |
      | 90    | 19.36 to 25.82 |

  @S09a
  Scenario Outline: The eGFR is worked out from creatinine and height
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And a serum creatinine of <creatinine>
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is recommended at <dose> mg once a week
    Examples: exactly 30 and exactly 60, in both units
      | creatinine     | dose           |
      | 2.065 mg/dL    | 9.68 to 12.91  |
      | 182.546 umol/L | 9.68 to 12.91  |
      | 1.0325 mg/dL   | 19.36 to 25.82 |
      | 91.273 umol/L  | 19.36 to 25.82 |

  @S09a
  Scenario: Severe renal impairment
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And a serum creatinine of 190 umol/L
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is withheld because "Severe renal impairment, eGFR below 30"

  @S09a
  Scenario: An infant has no formula for the eGFR
    Given a 9-month-old girl, 70 cm tall, weighing 8 kg
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate waits for the eGFR
    And the answer asks for the eGFR
    And no dose of methotrexate is offered

  @S09a
  Scenario: A very high eGFR is doubted where muscle is thin
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And a serum creatinine of 0.2 mg/dL
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is recommended at 14.42 to 19.23 mg once a week
    And methotrexate comes with the caution "low creatinine from little muscle is typical of JDM"
    And the answer asks for the cystatin C

  @S07
  Scenario: Kidney function is watched where there is calcinosis
    Given an 8-year-old girl
    And developing calcinosis
    When the guideline is applied
    Then kidney monitoring is recommended
    And kidney monitoring is marked as uncited

  @S07
  Scenario: Without calcinosis the statement does not speak
    Given an 8-year-old girl
    And confirmed juvenile dermatomyositis
    And no calcinosis
    When the guideline is applied
    Then kidney monitoring does not apply
