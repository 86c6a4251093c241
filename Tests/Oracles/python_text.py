"""Writes Tests/Assets/python-text.json: values as json.dumps() writes them, and what str() makes of them.

CommandTemplateTests compares `ParameterValue.pythonText` and `pythonJSON` with them. Run it from the package's folder; any Python 3 will do:

    python3 Tests/Oracles/python_text.py

The committed file was made by Python 3.11. The values are the same on every run.
"""

import json
import pathlib
import random
import struct

SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 100.0, 1e-3, 1e-4, 0.00012345, 1e-5, 1.5e-5, 1e5, 1e15, 1e16, 1e17, 123456789012345680.0, 9007199254740992.0,
    9007199254740994.0, 1234567890123456.7, 9999999999999998.0, 0.30000000000000004, 1 / 3, 5e-324, 2.2250738585072014e-308,
    1.7976931348623157e308, 1e22, 1e23, 1e100, -1e-7,
]
TEXTS = [
    "", "adam", "two words", "it's", 'say "hi"', "it's \"both\"", "back\\slash", "line\nend\r\ttab", "\x00\x01\x1b\x7f\x85\xa0\xad", "é ü ß", "日本",
    "\u2028\u200b\ue000\ufeff", "😀 \U000e0001", "e\u0301", "a/b", "${args}", "True", "1e-5",
]


def values():
    yield from [None, True, False, 0, 1, -7, 2**63 - 1, -(2**63)]
    yield from SPECIAL
    yield from TEXTS
    yield from [[], [1, 2], [0.9, 0.999], ["a", "it's"], [[1, [None, True]], "x"], TEXTS, {}, {"a": 1}, {"a": {"b": [1e-5, "c"]}, "it's": None}]
    source = random.Random(1)
    for _ in range(100):
        yield source.uniform(-1, 1) * 10 ** source.randint(-20, 20)
        yield round(source.uniform(0, 1), source.randint(1, 6))
    count = 0
    while count < 100:
        (number,) = struct.unpack("<d", source.randbytes(8))
        if number - number == 0:
            count += 1
            yield number


lines = [json.dumps([json.dumps(value), str(value)]) for value in values()]
pathlib.Path("Tests/Assets/python-text.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
