"""Tokens to syntax nodes, by the precedence of CQL 1.5; bounded in depth and size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from cds_engine.diagnostics import CdsError, Diagnostic, Span, did_you_mean
from cds_engine.language import operators as bind
from cds_engine.language import syntax as s
from cds_engine.language.lexer import KEYWORDS, MAX_LENGTH, Kind, LexicalError, Token, tokens

MAX_DEPTH = 60
MAX_NODES = 2000
MAX_TREE = 100

_CALENDAR = {"years": "a", "months": "mo", "weeks": "wk", "days": "d"}

Locate = Callable[[int, int], Span | None]
"""Turns a stretch of the text into its place in the author's file."""


class ParseError(CdsError):
    """An expression cannot be read; carries the one finding that says where and why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.render())


def parse(text: str, locate: Locate | None = None) -> s.Expression:
    """Parse one expression; without *locate*, spans count columns of the text itself.

    Raises:
        ParseError: If the text is not an expression of the language.

    >>> parse("egfr < 30")
    Comparison(comparator=<Comparator.LESS: '<'>, left=Name(name='egfr'), right=NumberLiteral(value=30.0))
    """
    place = locate or (lambda begin, end: Span("expression", 1, begin + 1, end + 1, text.split("\n", maxsplit=1)[0]))
    if len(text) > MAX_LENGTH:
        raise _too_large(f"an expression may have {MAX_LENGTH} characters", place(0, 1))
    try:
        found = _Parser(tokens(text), place).whole()
    except LexicalError as error:
        where = place(error.begin, error.end)
        raise ParseError(Diagnostic("L101", str(error), where, error.hint)) from None
    if _height(found) > MAX_TREE:
        raise _too_large(f"an expression may join {MAX_TREE} parts one by one", place(0, 1))
    return found


def _too_large(message: str, span: Span | None) -> ParseError:
    hint = "divide it into definitions, or list codes in `in { ... }`"
    return ParseError(Diagnostic("L102", message, span, hint))


def _height(tree: s.Node) -> int:
    """Return how many nodes stand above each other; later passes walk the tree by recursion."""
    height = 0
    level: list[s.Node] = [tree]
    while level:
        height += 1
        level = [child for node in level for child in _children(node)]
    return height


def _children(node: s.Node) -> Iterator[s.Node]:
    names: tuple[str, ...] = node.__match_args__
    for name in names:
        value = getattr(node, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, s.Node):
                yield part


class _Parser:
    """Precedence climbing; `minimum` is the loosest operator that may still be taken."""

    def __init__(self, stream: list[Token], place: Locate) -> None:
        self._stream = stream
        self._place = place
        self._at = 0
        self._depth = 0
        self._nodes = 0

    def whole(self) -> s.Expression:
        found = self._expression(0)
        if self._now.kind is not Kind.END:
            self._fail_unexpected()
        return found

    # Reading tokens

    @property
    def _now(self) -> Token:
        return self._stream[self._at]

    def _next(self) -> Token:
        token = self._stream[self._at]
        self._at += 1
        return token

    def _sees(self, *words: str) -> bool:
        return self._now.kind in {Kind.KEYWORD, Kind.SYMBOL} and self._now.text in words

    def _take(self, word: str) -> bool:
        if self._sees(word):
            self._at += 1
            return True
        return False

    def _expect(self, word: str, after: str) -> None:
        if not self._take(word):
            self._fail(f"`{word}` is missing {after}", self._now, f"write `{word}` here")

    def _span(self, begin: int) -> Span | None:
        self._nodes += 1
        end = self._stream[self._at - 1].end
        if self._nodes > MAX_NODES:
            raise _too_large(f"an expression may have {MAX_NODES} parts", self._place(0, 1))
        return self._place(begin, max(end, begin + 1))

    def _fail(self, message: str, token: Token, hint: str | None = None) -> None:
        where = self._place(token.begin, max(token.end, token.begin + 1))
        raise ParseError(Diagnostic("L101", message, where, hint))

    def _fail_unexpected(self) -> None:
        token = self._now
        if token.kind is Kind.END:
            self._fail("the expression ends too early", token, "a value or a condition is missing at its end")
        word = f"'{token.text}'" if token.kind is Kind.STRING else token.text
        self._fail(f"`{word}` is not expected here", token, self._way_out(token))

    def _way_out(self, token: Token) -> str | None:
        last = self._stream[self._at - 1] if self._at else Token(Kind.END, "", 0, 0)
        before = last.text
        if last.kind is Kind.NUMBER and (token.kind is Kind.NAME or token.text in _CALENDAR):
            unit = _CALENDAR.get(token.text, token.text)
            return f"a unit stands in quotes: write `{before} '{unit}'`"
        match token.kind, before, token.text:
            case Kind.NAME, _, word if found := did_you_mean(word.lower(), KEYWORDS):
                return found
            case Kind.STRING, _, _:
                return "a unit stands right after its number; a code needs `=` or `in` before it"
            case Kind.SYMBOL, "=", "=":
                return "compare with a single `=`"
            case Kind.SYMBOL, "<", ">":
                return "write `!=`"
            case Kind.SYMBOL, ("<" | ">" | "="), ("=" | "<" | ">"):
                return "write `<=` or `>=`"
            case Kind.SYMBOL, _, ",":
                return "decimals are written with a point; a set of values stands in braces"
            case (Kind.SYMBOL, _, (")" | "}")) | (Kind.KEYWORD, _, ("then" | "else")):
                return "something is missing before it, or it is one too many"
            case ((Kind.NAME | Kind.NUMBER), _, _):
                return "an operator such as `and`, `or` or `=` is missing before it"
            case _:
                return "a value or a condition is missing before it"

    # The grammar

    def _expression(self, minimum: int) -> s.Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(f"an expression may be nested {MAX_DEPTH} deep", self._now, "divide it into definitions")
        begin = self._now.begin
        left = self._prefix()
        while self._now.kind in {Kind.KEYWORD, Kind.SYMBOL}:
            binds = bind.BINARY.get(self._now.text)
            if binds is None or binds < minimum:
                break
            left = self._infix(left, self._next().text, binds, begin)
        self._depth -= 1
        return left

    def _infix(self, left: s.Expression, word: str, binds: int, begin: int) -> s.Expression:
        match word:
            case "is":
                return self._is(left, begin)
            case "between":
                low = self._expression(bind.ADDITION)
                self._expect("and", "after the lower end of `between`")
                high = self._expression(bind.ADDITION)
                return s.Between(left, low, high, span=self._span(begin))
            case "contains" if self._take("any"):
                return s.ContainsAny(left, self._expression(binds + 1), span=self._span(begin))
        right = self._expression(binds + 1)
        span = self._span(begin)
        match word:
            case "and" | "or" | "xor" | "implies":
                return s.Logic(s.Connective(word), left, right, span=span)
            case "in":
                return s.In(left, right, span=span)
            case "contains":
                return s.Contains(left, right, span=span)
            case "+" | "-" | "*" | "/" | "^":
                return s.Arithmetic(s.Operator(word), left, right, span=span)
            case _:
                return s.Comparison(s.Comparator(word), left, right, span=span)

    def _is(self, left: s.Expression, begin: int) -> s.Expression:
        negated = self._take("not")
        value = {"null": None, "true": True, "false": False}.get(self._now.text, ...)
        if value is ... or self._now.kind is not Kind.KEYWORD:
            hint = "compare a code with `=`"
            self._fail("`is` is followed by `null`, `true` or `false`", self._now, hint)
        self._next()
        return s.Is(left, None if value is ... else value, negated, span=self._span(begin))

    def _prefix(self) -> s.Expression:
        begin = self._now.begin
        if self._take("not"):
            return s.Not(self._expression(bind.NOT), span=self._span(begin))
        if self._take("-"):
            return s.Negative(self._expression(bind.SIGN), span=self._span(begin))
        if self._take("+"):
            return self._expression(bind.SIGN)
        if self._take("if"):
            return self._if(begin)
        if self._sees("years", "months", "weeks", "days"):
            return self._elapsed(self._next().text, begin)
        if self._take("("):
            inner = self._expression(0)
            self._expect(")", "to close the bracket")
            return inner
        if self._take("{"):
            return self._set(begin)
        return self._literal_or_name(begin)

    def _if(self, begin: int) -> s.Expression:
        condition = self._expression(0)
        self._expect("then", "after the condition of `if`")
        yes = self._expression(0)
        self._expect("else", "after the first branch of `if`")
        no = self._expression(0)
        return s.If(condition, yes, no, span=self._span(begin))

    def _elapsed(self, unit: str, begin: int) -> s.Expression:
        self._expect("between", f"after `{unit}`")
        start = self._expression(bind.ADDITION)
        self._expect("and", "between the two dates")
        end = self._expression(bind.ADDITION)
        return s.Elapsed(unit, start, end, span=self._span(begin))

    def _set(self, begin: int) -> s.Expression:
        items: list[s.Expression] = []
        while not self._take("}"):
            if items:
                self._expect(",", "between the members of a set")
            items.append(self._expression(bind.ADDITION))
        return s.SetLiteral(tuple(items), span=self._span(begin))

    def _literal_or_name(self, begin: int) -> s.Expression:
        token = self._now
        match token.kind:
            case Kind.NUMBER:
                self._next()
                if self._now.kind is Kind.STRING:
                    unit = self._next().text
                    return s.QuantityLiteral(float(token.text), unit, span=self._span(begin))
                return s.NumberLiteral(float(token.text), span=self._span(begin))
            case Kind.STRING:
                self._next()
                return s.CodeLiteral(token.text, span=self._span(begin))
            case Kind.DATE:
                self._next()
                return self._date(token, begin)
            case Kind.NAME:
                self._next()
                return s.Name(token.text, span=self._span(begin))
            case Kind.KEYWORD if token.text in {"true", "false"}:
                self._next()
                return s.BooleanLiteral(token.text == "true", span=self._span(begin))
            case Kind.KEYWORD if token.text == "null":
                self._next()
                return s.NullLiteral(span=self._span(begin))
            case _:
                self._fail_unexpected()
                raise AssertionError

    def _date(self, token: Token, begin: int) -> s.Expression:
        try:
            return s.DateLiteral(date.fromisoformat(token.text), span=self._span(begin))
        except ValueError:
            self._fail(f"`@{token.text}` is not a day of the calendar", token, "write it as `@2026-11-21`")
            raise AssertionError from None
