Feature: Immunoglobulin for resistant disease
  An add-on where the disease resists treatment, above all with prominent skin features.

  @S11
  Scenario: Resistant disease with prominent skin features
    Given a 9-year-old girl, 136 cm tall, weighing 31 kg
    And established, active juvenile dermatomyositis
    And the disease is resistant to treatment
    And the skin features are prominent
    And everything else that immunoglobulin needs is known and unremarkable
    When the guideline is applied
    Then immunoglobulin is an option at 62 g a course, over 2 to 5 days
    And immunoglobulin cites Enders 2017 (SHARE), evidence level 2B-4, strength C

  @S11
  Scenario: The disease responds
    Given a 9-year-old girl, 136 cm tall, weighing 31 kg
    And established, active juvenile dermatomyositis
    And the disease responds to treatment
    And everything else that immunoglobulin needs is known and unremarkable
    When the guideline is applied
    Then immunoglobulin does not apply

  @S11
  Scenario Outline: Reasons against immunoglobulin
    Given a 9-year-old girl, 136 cm tall, weighing 31 kg
    And established, active juvenile dermatomyositis
    And the disease is resistant to treatment
    And <finding>
    And everything else that immunoglobulin needs is known and unremarkable
    When the guideline is applied
    Then immunoglobulin is withheld because "<reason>"
    Examples:
      | finding                                              | reason                                             |
      | selective IgA deficiency with antibodies against IgA | Selective IgA deficiency with anti-IgA antibodies  |
      | an allergy to immunoglobulin                         | A severe reaction to human immunoglobulin          |

  @S11
  Scenario: Nobody has asked about IgA
    Given a 9-year-old girl, 136 cm tall, weighing 31 kg
    And established, active juvenile dermatomyositis
    And the disease is resistant to treatment
    When the guideline is applied
    Then immunoglobulin waits for the selective IgA deficiency
    And no dose of immunoglobulin is offered

  @S11
  Scenario: A raised risk of thrombosis is a caution
    Given a 9-year-old girl, 136 cm tall, weighing 31 kg
    And established, active juvenile dermatomyositis
    And the disease is resistant to treatment
    And a raised risk of thrombosis
    And everything else that immunoglobulin needs is known and unremarkable
    When the guideline is applied
    Then immunoglobulin is an option
    And immunoglobulin comes with the caution "Raised risk of thrombosis"
