Feature: Referral and regular assessment
  Every child with suspected disease is referred to a specialised centre; activity and damage are assessed regularly.

  @O1
  Scenario Outline: A suspicion is enough for referral
    Given a 5-year-old girl
    And <diagnosis>
    When the guideline is applied
    Then referral to a specialised centre is recommended
    And referral to a specialised centre cites Enders 2017 (SHARE), evidence level 4, strength D
    Examples:
      | diagnosis                          |
      | suspected juvenile dermatomyositis |
      | probable juvenile dermatomyositis  |
      | confirmed juvenile dermatomyositis |

  @O1 @O5 @O6
  Scenario: The disease has been ruled out
    Given a 5-year-old girl
    And juvenile dermatomyositis has been ruled out
    When the guideline is applied
    Then referral to a specialised centre does not apply
    And regular assessment of activity does not apply
    And yearly assessment of damage does not apply

  @O1
  Scenario: The disease began in adult life
    Given a 45-year-old woman
    And suspected juvenile dermatomyositis
    And the disease began at the age of 43
    When the guideline is applied
    Then referral to a specialised centre does not apply

  @O1
  Scenario: An adult whose disease began in childhood
    Given a 24-year-old man
    And confirmed juvenile dermatomyositis
    And the disease began at the age of 12
    When the guideline is applied
    Then referral to a specialised centre is recommended

  @O1 @O5 @O6
  Scenario: Nobody has said what the diagnosis is
    Given a 5-year-old girl
    When the guideline is applied
    Then referral to a specialised centre waits for the diagnosis of JDM
    And regular assessment of activity waits for the diagnosis of JDM
    And yearly assessment of damage waits for the diagnosis of JDM

  @O5 @O6
  Scenario: Confirmed disease is assessed regularly
    Given a 5-year-old girl
    And confirmed juvenile dermatomyositis
    When the guideline is applied
    Then regular assessment of activity is recommended
    And the text of regular assessment of activity says "such as the DAS"
    And yearly assessment of damage is recommended
    And the text of yearly assessment of damage says "at least once a year"
    And yearly assessment of damage cites Enders 2017 (SHARE), evidence level 4, strength D

  @O5 @O6
  Scenario: A suspicion is referred before it is measured
    Given a 5-year-old girl
    And suspected juvenile dermatomyositis
    When the guideline is applied
    Then regular assessment of activity does not apply
    And yearly assessment of damage does not apply
