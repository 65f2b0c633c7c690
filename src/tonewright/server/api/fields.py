"""Parts of requests that several endpoints share, each with its bounds."""

from typing import Annotated

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import AfterValidator, StringConstraints, WithJsonSchema

#: One line for people: a name, a title. No control characters, which would break mails, headers and file names.
_ONE_LINE = r"^[^\x00-\x1f\x7f\u2028\u2029]*$"
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=_ONE_LINE)]
NameOrNone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=_ONE_LINE)]


def _email(value: str) -> str:
    try:
        validate_email(value)
    except ValidationError as error:
        raise ValueError("This is not an e-mail address.") from error
    return value.lower()


Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254),
    AfterValidator(_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254}),
]
#: What nobody types by hand is longer; hashing endless passwords costs.
Password = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
