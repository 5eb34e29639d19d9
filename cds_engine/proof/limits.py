"""What a proof speaks of and what it leaves out, in sentences for whoever relies on it."""

ABOUT = (
    (
        "Every patient means: each fact absent, known anywhere in its plausible range, or given and not "
        "usable (rejected, too old, in conflict); contradictions between facts and derived facts as the "
        "evaluator has them."
    ),
    (
        "Numbers are the decimals that were written; computed ones may differ from their real value by one "
        "part in 10^12, many times what rounding comes to. Doses are unrounded, and as displayed where an invariant "
        "says so: to two decimals, half up, never above the cap; that holds of every regimen, which is a law."
    ),
)
OUTSIDE = (
    (
        "How a record is read (units, dates, lists of medicines, ages of values) is outside the proof: it "
        "begins with what the reader passes on; property tests hold the reader."
    ),
    (
        "Of a fact that conflicts any one other value is tried; where an invariant says that something is "
        "recommended, it is proved for records in which no fact has two readings, and marked so."
    ),
    ("Where the values that conflict have more than 64 combinations the engine holds back more than the proof knows."),
    ("Arithmetic that overflows, orders that are screened, texts, citations and the order of an answer are outside."),
    ("The laws of two patients are proved for records in which no fact has two readings, in exact arithmetic."),
)
