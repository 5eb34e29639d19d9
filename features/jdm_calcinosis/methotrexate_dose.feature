Feature: The weekly dose of methotrexate
  15 to 20 mg per square metre of body surface once a week, never above 40 mg a week. The cap comes before the halving for
  reduced kidney function.

  @S09a
  Scenario Outline: The dose follows body surface area up to the cap
    Given a <age>-year-old boy, <height> cm tall, weighing <weight> kg
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is recommended at <dose> mg once a week
    And the working of methotrexate says <working>
    Examples: from the smallest child to both ends at the cap
      | age | height | weight | dose           | working                             |
      | 3   | 75     | 9      | 6.5 to 8.66    | cap of 40 mg a week: not reached    |
      | 8   | 128    | 26     | 14.42 to 19.23 | cap of 40 mg a week: not reached    |
      | 12  | 150    | 40     | 19.36 to 25.82 | cap of 40 mg a week: not reached    |
      | 16  | 180    | 79.9   | 29.98 to 39.97 | cap of 40 mg a week: not reached    |
      | 16  | 180    | 80     | 30 to 40       | the upper end is limited to it      |
      | 16  | 180    | 100    | 33.54 to 40    | the upper end is limited to it      |
      | 17  | 160    | 160    | 40             | both ends are limited to it         |
      | 17  | 200    | 150    | 40             | both ends are limited to it         |

  @S09a
  Scenario: Half the dose in a child with half the kidney function
    Given a 12-year-old boy, 150 cm tall, weighing 40 kg
    And an eGFR of 45
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is recommended at 9.68 to 12.91 mg once a week
    And the working of methotrexate says half dose: eGFR from 30 to below 60
    And ready-made syringes of 10 and 12.5 mg fit

  @S09a
  Scenario: The cap is applied before the halving
    Given a 16-year-old boy, 176 cm tall, weighing 99 kg
    And an eGFR of 45
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is recommended at 16.5 to 20 mg once a week

  @S09a
  Scenario: No ready-made syringe fits a very small dose
    Given a 3-year-old boy, 75 cm tall, weighing 9 kg
    And an eGFR of 45
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is recommended at 3.25 to 4.33 mg once a week
    And no ready-made syringe fits
    And the working of methotrexate says send the exact dose to the pharmacy
