@K1
Feature: Kidney health is evaluated once a year in diabetes
  Adults of 18 to 85 years with diabetes who were seen in the year: eGFR and urine albumin-creatinine ratio.

  Scenario: Neither test was done
    Given a patient born on 1960-05-04 with diabetes who was seen in the year
    When the guideline is applied
    Then a kidney health evaluation is recommended

  Scenario: One test is not enough
    Given a patient born on 1960-05-04 with diabetes who was seen in the year
    And an eGFR was reported in the year
    When the guideline is applied
    Then a kidney health evaluation is recommended

  Scenario: Both tests were done
    Given a patient born on 1960-05-04 with diabetes who was seen in the year
    And an eGFR was reported in the year
    And a urine albumin-creatinine ratio was reported in the year
    When the guideline is applied
    Then a kidney health evaluation does not apply

  Scenario Outline: Old enough and not too old at the start of the year
    Given a patient born on <day> with diabetes who was seen in the year
    When the guideline is applied
    Then a kidney health evaluation is recommended

    Examples:
      | day        |
      | 2007-01-01 |
      | 1939-01-02 |

  Scenario Outline: Too young or too old at the start of the year
    Given a patient born on <day> with diabetes who was seen in the year
    When the guideline is applied
    Then a kidney health evaluation does not apply

    Examples:
      | day        |
      | 2007-01-02 |
      | 1939-01-01 |

  Scenario Outline: Some patients are left out
    Given a patient born on 1960-05-04 with diabetes who was seen in the year
    And <what>
    When the guideline is applied
    Then a kidney health evaluation does not apply

    Examples:
      | what             |
      | failing kidneys  |
      | hospice services |
      | palliative care  |

  Scenario: What is not known is asked and never taken for no
    Given a patient born on 1960-05-04 with diabetes who was seen in the year
    And nobody knows about hospice services
    When the guideline is applied
    Then a kidney health evaluation waits for the hospice services in the period
