Feature: Methotrexate is not tolerated
  Ciclosporin or mycophenolate may replace it; the one that can be given is offered, and none where both are excluded.

  @T14
  Scenario: Ciclosporin in two doses a day
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And methotrexate is not tolerated
    And takes no medicines
    And everything else that ciclosporin needs is known and unremarkable
    When the guideline is applied
    Then a change from methotrexate is worth considering at 78 to 130 mg a day in two doses
    And a change from methotrexate is given as ciclosporin
    And a change from methotrexate cites Enders 2017 (SHARE), evidence level not read, strength not read

  @T14
  Scenario Outline: What excludes ciclosporin leaves mycophenolate
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And methotrexate is not tolerated
    And <finding>
    And everything else that mycophenolate needs is known and unremarkable
    And everything else that ciclosporin needs is known and unremarkable
    When the guideline is applied
    Then a change from methotrexate is worth considering at 576.89 mg a dose, twice a day
    And a change from methotrexate is given as mycophenolate
    And no dose of ciclosporin is offered
    Examples:
      | finding                   |
      | an eGFR of 59             |
      | uncontrolled hypertension |
      | a malignancy              |
      | an allergy to ciclosporin |

  @T14
  Scenario Outline: What excludes both
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And methotrexate is not tolerated
    And <finding>
    And everything else that mycophenolate needs is known and unremarkable
    And everything else that ciclosporin needs is known and unremarkable
    When the guideline is applied
    Then a change from methotrexate is withheld because "<reason>"
    And 2 reasons against a change from methotrexate are listed
    Examples:
      | finding                     | reason                               |
      | an active serious infection | ciclosporin is not started until     |
      | a live vaccine is planned   | avoid live vaccines with ciclosporin |

  @T14
  Scenario: Methotrexate is tolerated
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And methotrexate is tolerated
    And takes no medicines
    When the guideline is applied
    Then a change from methotrexate does not apply

  @T14
  Scenario: Another partner is taken already
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And methotrexate is not tolerated
    And takes azathioprine every day
    When the guideline is applied
    Then a change from methotrexate does not apply

  @T14
  Scenario: Nothing is known of kidneys, blood pressure and infection
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And established, active juvenile dermatomyositis
    And methotrexate is not tolerated
    And takes no medicines
    When the guideline is applied
    Then a change from methotrexate waits for the serum creatinine
    And no dose of any drug is offered
