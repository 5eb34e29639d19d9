Feature: Examplin in fever
  What the rule does to patients, in words that a clinician signs.

  @S1
  Scenario: A child with fever
    Given a 5-year-old child, weighing 20 kg
    And a fever
    And no pregnancy
    When the guideline is applied
    Then examplin is worth considering at 200 mg a day

  @S1
  Scenario Outline: The cap
    Given a 15-year-old child, weighing <weight> kg
    And a fever
    And no pregnancy
    When the guideline is applied
    Then examplin is worth considering at <dose> mg a day
    Examples:
      | weight | dose |
      | 49     | 490  |
      | 50     | 500  |
      | 51     | 500  |

  @S1
  Scenario: Pregnancy forbids it
    Given a 17-year-old child, weighing 60 kg
    And a fever
    And a pregnancy
    When the guideline is applied
    Then examplin is withheld because "contraindicated in pregnancy"

  @S1
  Scenario: Without the weight there is no number
    Given a 5-year-old child
    And a fever
    And no pregnancy
    When the guideline is applied
    Then examplin waits for the weight
    And no dose of examplin is offered

  @S1
  Scenario: Without fever it does not apply
    Given a 5-year-old child, weighing 20 kg
    And no fever
    When the guideline is applied
    Then examplin does not apply
