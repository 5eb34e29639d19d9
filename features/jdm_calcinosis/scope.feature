Feature: For whom the guideline speaks
  Confirmed juvenile dermatomyositis that began before the age of 18.

  Scenario: Dermatomyositis that began in adult life
    Given a 45-year-old woman, 166 cm tall, weighing 70 kg
    And newly diagnosed juvenile dermatomyositis
    And the disease began at the age of 43
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate does not apply
    And sun protection does not apply
    And an alert says "outside the scope of the SHARE recommendations"
    And no dose of any drug is offered

  Scenario: An adult whose disease began in childhood
    Given a 24-year-old man, 178 cm tall, weighing 72 kg
    And established, active juvenile dermatomyositis
    And the disease began at the age of 12
    And developing calcinosis
    And a serum creatinine of 0.9 mg/dL
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate to step up treatment is worth considering at 28.3 to 37.74 mg once a week
    And an alert says "The patient is an adult whose JDM began in childhood"

  Scenario Outline: A diagnosis that is not certain leads to questions
    Given a 5-year-old girl, 109 cm tall, weighing 18 kg
    And <diagnosis>
    And the disease is new
    And developing calcinosis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate does not apply
    And stepping up of immunosuppression does not apply
    And the answer asks for the diagnosis of JDM
    And the answer asks for the cause of the calcinosis
    And no dose of any drug is offered
    Examples:
      | diagnosis                          |
      | suspected juvenile dermatomyositis |
      | probable juvenile dermatomyositis  |

  @S20
  Scenario: Myofascial pain is another disease
    Given a 38-year-old woman
    And juvenile dermatomyositis has been ruled out
    And no calcinosis
    And a myofascial pain syndrome
    When the guideline is applied
    Then relief of the myofascial pain is mentioned
    And the text of relief of the myofascial pain says "not for JDM or calcinosis"
    And multidisciplinary care does not apply

  @S20
  Scenario Outline: Nobody with juvenile dermatomyositis is told about it
    Given an 8-year-old girl
    And confirmed juvenile dermatomyositis
    And <pain>
    When the guideline is applied
    Then relief of the myofascial pain does not apply
    Examples:
      | pain                        |
      | no myofascial pain syndrome |
      | established calcinosis      |

  @O2
  Scenario Outline: High-risk signs ask for an urgent referral
    Given a 7-year-old boy
    And newly diagnosed juvenile dermatomyositis
    And <sign>
    When the guideline is applied
    Then urgent referral is recommended
    And urgent referral cites Enders 2017 (SHARE), evidence level 4, strength D
    Examples:
      | sign                             |
      | difficulty swallowing            |
      | a childhood myositis score of 14 |

  @O2
  Scenario: An infant is at high risk
    Given a 9-month-old girl
    And newly diagnosed juvenile dermatomyositis
    When the guideline is applied
    Then urgent referral is recommended

  @O2
  Scenario: No known high-risk sign
    Given a 7-year-old boy
    And newly diagnosed juvenile dermatomyositis
    And a childhood myositis score of 15
    When the guideline is applied
    Then urgent referral does not apply
