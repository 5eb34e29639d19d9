Feature: Hyperparathyroidism and vitamin D behind calcinosis
  They are looked for once and treated when found. Calcium is known before vitamin D is given.

  @S06a
  Scenario: The tests have not been done
    Given an 8-year-old girl
    And developing calcinosis
    When the guideline is applied
    Then a search for a mineral disorder is recommended
    And a search for a mineral disorder is marked as uncited
    And the answer asks for the PTH
    And the answer asks for the total calcium

  @S06a
  Scenario: All five tests are known
    Given an 8-year-old girl
    And established calcinosis
    And a parathyroid hormone of 40 pg/mL (normal 15 to 65)
    And a calcium of 2.4 mmol/L (normal 2.2 to 2.65)
    And a phosphate of 1.4 mmol/L
    And an alkaline phosphatase of 220
    And a vitamin D of 75 nmol/L
    When the guideline is applied
    Then a search for a mineral disorder does not apply

  @S06b
  Scenario Outline: Low vitamin D, in the unit that the laboratory reported
    Given an 8-year-old girl
    And established calcinosis
    And a calcium of 2.4 mmol/L (normal 2.2 to 2.65)
    And a vitamin D of <value>
    When the guideline is applied
    Then treatment of the low vitamin D is recommended
    Examples:
      | value       |
      | 11 ng/mL    |
      | 19.9 ng/mL  |
      | 28 nmol/L   |
      | 50 nmol/L   |

  @S06b
  Scenario Outline: Enough vitamin D
    Given an 8-year-old girl
    And established calcinosis
    And a vitamin D of <value>
    When the guideline is applied
    Then treatment of the low vitamin D does not apply
    Examples:
      | value       |
      | 20 ng/mL    |
      | 50.1 nmol/L |

  @S06b
  Scenario: No vitamin D while calcium is high
    Given an 8-year-old girl
    And established calcinosis
    And a calcium of 2.9 mmol/L (normal 2.2 to 2.65)
    And a vitamin D of 20 nmol/L
    When the guideline is applied
    Then treatment of the low vitamin D is withheld because "no vitamin D and no calcium now"

  @S06b
  Scenario: Calcium is asked for before vitamin D is given
    Given an 8-year-old girl
    And established calcinosis
    And a vitamin D of 20 nmol/L
    When the guideline is applied
    Then treatment of the low vitamin D waits for the total calcium

  @S06b
  Scenario: Hyperparathyroidism by the laboratory's own range
    Given a 13-year-old boy
    And established calcinosis
    And a parathyroid hormone of 118 pg/mL (normal 15 to 65)
    And a calcium of 2.92 mmol/L (normal 2.2 to 2.65)
    When the guideline is applied
    Then treatment of the hyperparathyroidism is recommended
    And treatment of the hyperparathyroidism comes with the caution "think of primary hyperparathyroidism"

  @S06b
  Scenario: A parathyroid hormone without its range settles nothing
    Given a 13-year-old boy
    And established calcinosis
    And a parathyroid hormone of 118 pg/mL
    When the guideline is applied
    Then treatment of the hyperparathyroidism waits for the PTH
