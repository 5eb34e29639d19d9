Feature: Prescriptions are checked
  Each order, and each medicine already taken, is held against interval, maximum, the range for this patient,
  contraindications, interactions and duplicates. What cannot be determined is said.

  Scenario: Methotrexate ordered every day
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And everything else that methotrexate needs is known and unremarkable
    And an order for methotrexate, 15 mg, every day, by mouth
    When the guideline is applied
    Then the order meets the critical finding "given once a week, never more often; that is 105 mg a week"
    And the working of the finding on the order says "15 mg × 7"
    And the finding on the order cites Enders 2017 (SHARE)

  Scenario Outline: Methotrexate in any other interval than once a week
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And an order for methotrexate, 15 mg, <interval>
    When the guideline is applied
    Then the order meets the critical finding "<text>"
    Examples:
      | interval           | text                                         |
      | twice a day        | never more often; that is 210 mg a week      |
      | three times a week | ordered several times a week                 |
      | every two weeks    | ordered every two weeks                      |
      | once a month       | ordered per month                            |
      | when needed        | ordered as needed                            |

  Scenario Outline: The weekly maximum of methotrexate
    Given a 17-year-old boy, 180 cm tall, weighing 90 kg
    And an eGFR of 90
    And everything else that methotrexate needs is known and unremarkable
    And an order for methotrexate, <dose> mg, once a week, under the skin
    When the guideline is applied
    Then the order <outcome>
    Examples:
      | dose | outcome                                                                         |
      | 40   | meets no warning                                                                |
      | 40.5 | meets the critical finding "40.5 mg a week is above the limit of 40 mg a week"  |

  Scenario Outline: The range for this child
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And an eGFR of 90
    And everything else that methotrexate needs is known and unremarkable
    And an order for methotrexate, <dose> mg, once a week, under the skin
    When the guideline is applied
    Then the order <outcome>
    Examples:
      | dose | outcome                                                                   |
      | 39   | meets the critical finding "above the range for this patient, 14.42 to 19.23 mg a week: more than 2 times its upper end, which this pack calls critical" |
      | 20   | meets the warning "above the range for this patient, 14.42 to 19.23 mg a week" |
      | 17.5 | meets no warning                                                          |
      | 12.5 | meets the note "below the range for this patient, 14.42 to 19.23 mg a week" |

  Scenario: Half the kidney function, half the range
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And an eGFR of 45
    And everything else that methotrexate needs is known and unremarkable
    And an order for methotrexate, 15 mg, once a week, under the skin
    When the guideline is applied
    Then the order meets the warning "above the range for this patient, 7.21 to 9.61 mg a week"
    And the working of the finding on the order says "half dose: eGFR from 30 to below 60"

  Scenario: The size of the child is not known
    Given an 8-year-old boy
    And an eGFR of 90
    And everything else that methotrexate needs is known and unremarkable
    And an order for methotrexate, 15 mg, once a week, under the skin
    When the guideline is applied
    Then the order meets the warning "cannot be held against the range for this patient: height, weight not known"

  Scenario: Methotrexate ordered in pregnancy
    Given a 16-year-old girl, 165 cm tall, weighing 60 kg
    And she is pregnant
    And everything else that methotrexate needs is known and unremarkable
    And an order for methotrexate, 25 mg, once a week, under the skin
    When the guideline is applied
    Then the order meets the critical finding "contraindicated: Methotrexate harms the unborn child"

  Scenario: Nobody has excluded a pregnancy
    Given a 16-year-old girl, 165 cm tall, weighing 60 kg
    And her pregnancy status is not known
    And everything else that methotrexate needs is known and unremarkable
    And an order for methotrexate, 25 mg, once a week, under the skin
    When the guideline is applied
    Then the order meets the warning "not known, and must be: pregnancy status"

  Scenario Outline: Co-trimoxazole while methotrexate is taken
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And takes methotrexate 15 mg once a week
    And <purpose>
    And an order for co-trimoxazole, 480 mg, twice a day
    When the guideline is applied
    Then the order meets the <gravity> "<text>"
    Examples:
      | purpose                              | gravity          | text                                       |
      | co-trimoxazole is given as treatment | critical finding | marrow suppression and kidney toxicity threaten |
      | co-trimoxazole is given as prophylaxis | warning        | no acceptance is recorded                  |
      | an eGFR of 90                        | warning          | its purpose is not recorded                |

  Scenario: Co-trimoxazole without methotrexate
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And takes no medicines
    And co-trimoxazole is given as treatment
    And an order for co-trimoxazole, 480 mg, twice a day
    When the guideline is applied
    Then the order meets no warning

  Scenario Outline: A live vaccine under immunosuppression
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And takes <medicine>
    And a live vaccine is planned
    And an order for <vaccine>
    When the guideline is applied
    Then the order meets the <gravity> "<text>"
    Examples:
      | medicine                        | vaccine           | gravity          | text                                      |
      | methotrexate 15 mg once a week  | MMR vaccine       | critical finding | A live vaccine while methotrexate         |
      | rituximab                       | varicella vaccine | critical finding | A live vaccine while immunosuppression    |
      | prednisolone 20 mg every day    | MMR vaccine       | critical finding | a corticosteroid is taken at high dose    |
      | prednisolone                    | MMR vaccine       | warning          | whether its dose is high is not known     |
      | immunoglobulin                  | MMR vaccine       | warning          | IVIG weakens live vaccines                |

  Scenario: A live vaccine without immunosuppression
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And takes no medicines
    And a live vaccine is planned
    And an order for MMR vaccine
    When the guideline is applied
    Then the order meets no warning

  Scenario Outline: Other interactions
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And takes <medicine>
    And an order for <ordered>
    When the guideline is applied
    Then the order meets the <gravity> "<text>"
    Examples:
      | medicine                       | ordered        | gravity          | text                                        |
      | methotrexate 15 mg once a week | nitrous oxide  | critical finding | Nitrous oxide while methotrexate is taken   |
      | methotrexate 15 mg once a week | ibuprofen      | note             | it is no absolute ban                       |
      | methotrexate 15 mg once a week | probenecid     | warning          | Probenecid raises methotrexate levels       |
      | ciclosporin                    | naproxen       | warning          | adds to kidney toxicity                     |
      | azathioprine                   | ciclosporin    | note             | make sure that an addition is meant         |
      | methotrexate 15 mg every day   | mycophenolate  | critical finding | Exclude an overdose                         |

  Scenario: Warfarin against calcinosis
    Given an 8-year-old boy
    And established calcinosis
    And an order for warfarin, 1 mg, every day
    When the guideline is applied
    Then the order meets the warning "Low-dose warfarin should not be used for calcinosis"
    And the finding on the order cites Traineau 2020

  Scenario: Vitamin D in a high calcium
    Given an 8-year-old boy
    And a calcium of 2.9 mmol/L (normal 2.2 to 2.65)
    And an order for vitamin D
    When the guideline is applied
    Then the order meets the critical finding "no vitamin D and no calcium now"

  Scenario: The medicine is taken already
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And takes methotrexate 15 mg once a week
    And an order for methotrexate, 17.5 mg, once a week
    When the guideline is applied
    Then the order meets the warning "methotrexate is taken already"
    And the medicine taken meets the warning "methotrexate is also ordered in order 1"

  Scenario: One medicine in two orders
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And takes no medicines
    And an order for methotrexate, 10 mg, once a week
    And an order for methotrexate, 7.5 mg, once a week
    When the guideline is applied
    Then the first order meets the warning "methotrexate is also ordered in order 2"
    And the second order meets the warning "methotrexate is also ordered in order 1"

  Scenario Outline: The way it is given
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And an order for <ordered>
    When the guideline is applied
    Then the order meets the note "<text>"
    Examples:
      | ordered                                         | text                                     |
      | methotrexate, 15 mg, once a week, by mouth      | subcutaneous is preferred, oral          |
      | cyclophosphamide, 900 mg, once a month, by mouth | intravenous is preferred, oral          |
      | methotrexate, 15 mg, once a week                | JDM is not a licensed use of methotrexate |
      | mycophenolate, 575 mg, twice a day              | JDM is not a licensed use of mycophenolate |

  Scenario: The preferred way is no finding
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And an order for methotrexate, 15 mg, once a week, under the skin
    When the guideline is applied
    Then the order does not meet "is preferred"

  Scenario Outline: A dose that cannot be determined
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And an order for <ordered>
    When the guideline is applied
    Then the order meets the warning "the dose cannot be determined: <reason>"
    Examples:
      | ordered                            | reason                                               |
      | methotrexate                       | the order does not say amount, unit and interval     |
      | methotrexate, once a week          | the order does not say amount, unit and interval     |
      | methotrexate, 15 mg                | the order does not say amount, unit and interval     |
      | methotrexate, 6 tablets, once a week | the order does not say amount, unit and interval   |
      | methotrexate, 15 drops, once a week | the order does not say amount, unit and interval    |
      | immunoglobulin, 10 g, every day    | ordered per day, but known here as an amount a course |
      | prednisolone, 40 mg, once a week   | ordered per week, but known here as an amount a day  |

  Scenario: Tablets without strength are named
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And an order for methotrexate, 6 tablets, once a week
    When the guideline is applied
    Then the order meets the warning "is not a UCUM unit"

  Scenario: A medicine that nobody knows
    Given an 8-year-old boy
    And an order for remedium-forte, 15 mg, every day
    When the guideline is applied
    Then the order meets the warning "the medicine is not known: it cannot be screened"

  Scenario: A medicine without a dose in this guideline
    Given an 8-year-old boy
    And an order for colchicine, 1 mg, every day
    When the guideline is applied
    Then the order meets the note "has no dose of the medicine: its amount was not checked"

  Scenario: A medicine of which this guideline does not speak
    Given an 8-year-old boy
    And an order for 161, 500 mg, every day
    When the guideline is applied
    Then the order meets the note "says nothing about the medicine: it was not screened"

  Scenario Outline: Mycophenolate twice a day, with a maximum a dose and a day
    Given a 17-year-old boy, 180 cm tall, weighing 80 kg
    And takes no medicines
    And everything else that mycophenolate needs is known and unremarkable
    And an order for mycophenolate, <ordered>
    When the guideline is applied
    Then the order <outcome>
    Examples:
      | ordered                 | outcome                                                                             |
      | 1000 mg, twice a day    | does not meet "is above"                                                            |
      | 1001 mg, twice a day    | meets the critical finding "1001 mg a dose is above the limit of 1000 mg a dose"    |
      | 1001 mg, twice a day    | meets the critical finding "2002 mg a day is above the limit of 2000 mg a day"      |
      | 1000 mg, three times a day | meets the critical finding "3000 mg a day is above the limit of 2000 mg a day"   |
      | 700 mg, three times a day | meets the warning "ordered 3 times a day, but it is given in 2 doses a day"       |
      | 750 mg, twice a day     | meets the note "below the range for this patient, 1000 mg a dose"                   |

  Scenario Outline: A steroid into a vein, at most 1 g a day
    Given a 17-year-old boy, 180 cm tall, weighing 80 kg
    And an order for methylprednisolone, <ordered>, into a vein
    When the guideline is applied
    Then the order <outcome>
    Examples:
      | ordered               | outcome                                                                        |
      | 1000 mg, every day    | meets no warning                                                               |
      | 1001 mg, every day    | meets the critical finding "1001 mg a day is above the limit of 1000 mg a day" |
      | 1000 mg, twice a day  | meets the critical finding "2000 mg a day is above the limit of 1000 mg a day" |

  Scenario Outline: Prednisolone, at most 60 mg a day
    Given a 17-year-old boy, 180 cm tall, weighing 80 kg
    And an order for prednisolone, <ordered>, by mouth
    When the guideline is applied
    Then the order <outcome>
    Examples:
      | ordered             | outcome                                                                    |
      | 60 mg, every day    | meets no warning                                                           |
      | 30 mg, twice a day  | meets no warning                                                           |
      | 61 mg, every day    | meets the critical finding "61 mg a day is above the limit of 60 mg a day" |

  Scenario Outline: Ciclosporin a day, in two doses
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And takes no medicines
    And everything else that ciclosporin needs is known and unremarkable
    And an order for ciclosporin, <ordered>
    When the guideline is applied
    Then the order <outcome>
    Examples:
      | ordered              | outcome                                                                  |
      | 65 mg, twice a day   | meets no warning                                                         |
      | 75 mg, twice a day   | meets the warning "150 mg a day is above the range for this patient, 78 to 130 mg a day" |
      | 100 mg, every day    | meets the warning "ordered once a day, but it is given in 2 doses a day" |

  Scenario Outline: A course of immunoglobulin
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And everything else that immunoglobulin needs is known and unremarkable
    And an order for immunoglobulin, <ordered>
    When the guideline is applied
    Then the order <outcome>
    Examples:
      | ordered              | outcome                                                             |
      | 52 g, as one course  | meets no warning                                                    |
      | 60 g, as one course  | meets the warning "above the range for this patient, 52 g a course" |
      | 26 g, once a month   | meets the note "below the range for this patient, 52 g a course"    |

  Scenario Outline: Cyclophosphamide once a month
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And everything else that cyclophosphamide needs is known and unremarkable
    And an order for cyclophosphamide, <ordered>
    When the guideline is applied
    Then the order <outcome>
    Examples:
      | ordered                            | outcome                                                              |
      | 900 mg, once a month, into a vein  | meets no warning                                                     |
      | 1000 mg, once a month, into a vein | meets the warning "above the range for this patient, 480.74 to 961.48 mg a course" |
      | 50 mg, every day, by mouth         | meets the critical finding "an interval of days is written"          |

  Scenario: Hydroxychloroquine above its maximum
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And an order for hydroxychloroquine, 200 mg, every day
    When the guideline is applied
    Then the order meets the warning "above the range for this patient, 0 to 130 mg a day"

  Scenario: A medicine already taken is checked as well
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And takes methotrexate 15 mg every day
    When the guideline is applied
    Then the medicine taken meets the critical finding "that is 105 mg a week"
    And the first thing said is the critical alert "an interval that is not once a week"

  Scenario Outline: Orders that ended are not checked
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And an order for methotrexate, 15 mg, every day, <end>
    When the guideline is applied
    Then no order is screened
    Examples:
      | end              |
      | stopped          |
      | entered in error |

  Scenario Outline: Orders that cannot be read are reported
    Given an 8-year-old boy
    And <orders>
    When the guideline is applied
    Then the problem "<problem>" is reported
    And no order is screened
    Examples:
      | orders                                | problem                    |
      | an order that is only a word          | was not screened           |
      | an order that is only a number        | was not screened           |
      | orders that are a sentence and no list | must be a list of orders  |

  Scenario: An order that cannot be read hides none that can
    Given an 8-year-old boy
    And an order that is only a word
    And an order for methotrexate, 15 mg, every day
    When the guideline is applied
    Then the problem "was not screened" is reported
    And the order meets the critical finding "that is 105 mg a week"
