Feature: Kidney health is evaluated once a year in diabetes
  Adults of 18 to 85 years with diabetes who were seen in the year: eGFR and urine albumin-creatinine ratio.

  Scenario: Neither test was done
    Given a patient of 64 years with diabetes who was seen in the year
    When the guideline is applied
    Then the kidney health evaluation is due

  Scenario: One test is not enough
    Given a patient of 64 years with diabetes who was seen in the year
    And an eGFR was reported in the year
    When the guideline is applied
    Then the kidney health evaluation is due

  Scenario: Both tests were done
    Given a patient of 64 years with diabetes who was seen in the year
    And an eGFR was reported in the year
    And a urine albumin-creatinine ratio was reported in the year
    When the guideline is applied
    Then the kidney health evaluation is not due

  Scenario Outline: The age at the start of the year decides
    Given a patient of <age> years with diabetes who was seen in the year
    When the guideline is applied
    Then the kidney health evaluation is <due>

    Examples:
      | age | due     |
      | 17  | not due |
      | 18  | due     |
      | 85  | due     |
      | 86  | not due |

  Scenario Outline: Some patients are left out
    Given a patient of 64 years with diabetes who was seen in the year
    And the patient has <what>
    When the guideline is applied
    Then the kidney health evaluation is not due
    And the reason is "<reason>"

    Examples:
      | what               | reason                                                                    |
      | failing kidneys    | Chronic kidney disease of stage 5 or end-stage renal disease in the period. |
      | hospice services   | Hospice services in the period.                                           |
      | palliative care    | Palliative care in the period.                                            |

  Scenario: What is not known is asked and never taken for no
    Given a patient of 64 years with diabetes who was seen in the year
    And nobody knows about hospice services
    When the guideline is applied
    Then the kidney health evaluation waits for "hospice services in the period"
