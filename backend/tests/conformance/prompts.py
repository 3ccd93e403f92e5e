"""What a model reads, in whatever dialect."""

from tests.conformance.record import Ask, Effect, Field


def reads(*expected: str) -> Effect:
    """The prompt holds these texts in their order, and without the field it does not."""

    def check(ask: Ask, field: Field) -> None:
        prompt = ask.prompt(ask.body(field))
        places = [prompt.find(text) for text in expected]
        assert -1 not in places, prompt
        assert places == sorted(places), prompt
        assert not all(text in ask.prompt(ask.plain_body()) for text in expected)
        reply = ask.asked(field)
        assert (reply.status, field.wire_name in reply.ignored) == (200, False)

    return check


def hides(text: str) -> Effect:
    """The prompt lacks this text, and without the field it has it."""

    def check(ask: Ask, field: Field) -> None:
        assert text in ask.prompt(ask.plain_body(**field.within))
        assert text not in ask.prompt(ask.body(field))
        assert field.wire_name not in ask.asked(field).ignored

    return check


def tells(text: str) -> Effect:
    """A template that writes down all that it is told writes this, and without the field it does not."""

    def check(ask: Ask, field: Field) -> None:
        told = ask.told(ask.body(field))
        assert text in told.text
        assert field.wire_name not in told.ignored
        assert text not in ask.told(ask.plain_body(**field.within)).text
        assert ask.asked(field).status == 200

    return check
