Feature: What is not known is asked for, never guessed
  No dose is ever shown that rests on something missing.

  @S09a
  Scenario: The height is missing
    Given an 8-year-old boy, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate waits for the height
    And the answer asks for the height
    And no dose of methotrexate is offered

  @S09a
  Scenario: The weight is missing
    Given an 8-year-old boy, 128 cm tall
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate waits for the weight
    And the answer asks for the weight
    And no dose of methotrexate is offered

  @S09a
  Scenario: The creatinine is missing
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And the serum creatinine is not known
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate waits for the eGFR
    And the answer asks for the serum creatinine
    And no dose of methotrexate is offered

  @S09a
  Scenario: The pregnancy status of an adolescent girl is missing
    Given a 14-year-old girl, 160 cm tall, weighing 50 kg
    And newly diagnosed juvenile dermatomyositis
    And her pregnancy status is not known
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate waits for the pregnancy status
    And the answer asks for the pregnancy status
    And no dose of methotrexate is offered

  @S09a
  Scenario: A girl before her first period is not asked
    Given a 10-year-old girl, 138 cm tall, weighing 32 kg
    And newly diagnosed juvenile dermatomyositis
    And her pregnancy status is not known
    And she has not had her first period
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is recommended at 16.61 to 22.15 mg once a week
    And the answer does not ask for the pregnancy status

  @S09a
  Scenario: A pregnancy test of last week is too old
    Given a 14-year-old girl, 160 cm tall, weighing 50 kg
    And newly diagnosed juvenile dermatomyositis
    And pregnancy was excluded by a test last week
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate waits for the pregnancy status

  @S09a
  Scenario: The list of medicines is missing
    Given an 8-year-old boy, 128 cm tall, weighing 26 kg
    And newly diagnosed juvenile dermatomyositis
    And the medicines are not known
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate waits for the current medications

  @S09a
  Scenario: A weight that is half a year old is not used
    Given an 8-year-old boy, 128 cm tall
    And a weight of 26 kg measured half a year ago
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate waits for the weight
    And the problem "after 90 days it is not used" is reported

  @S09a
  Scenario: Two weights that disagree are never averaged
    Given a 10-year-old boy, 138 cm tall
    And two weights of today, 31 kg and 38 kg
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate waits for the weight
    And the problem "current values disagree (31 kg and 38 kg); none of them is used" is reported
    And no dose of methotrexate is offered

  @S09a
  Scenario: A pregnant boy is a contradiction, and the danger counts
    Given a 15-year-old boy, 170 cm tall, weighing 60 kg
    And a recorded pregnancy
    And newly diagnosed juvenile dermatomyositis
    And everything else that methotrexate needs is known and unremarkable
    When the guideline is applied
    Then methotrexate is withheld because "Methotrexate harms the unborn child"
    And the question "Which is right, the sex at birth or the pregnancy status?" is put

  Scenario: Nothing is known
    Given a patient of whom nothing is known
    When the guideline is applied
    Then nothing is recommended
    And no dose of any drug is offered
    And no alert is given
    And the answer asks for the diagnosis of JDM
    And the notices say that this is for education only and was not approved by a clinician
