"""hl7apy as the sending system: builds messages by its own structures, judges the answers by them.

Arguments: host, port, the time of sending. hl7apy has no client of MLLP, so that the frames are
written here; nothing of them is the product's.
"""

import socket
import sys

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Message
from hl7apy.parser import parse_message

HOST, PORT, SENT = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def admission(version, number):
    """An admission, valid by hl7apy's strictest level."""
    message = Message("ADT_A01", version=version, validation_level=VALIDATION_LEVEL.STRICT)
    message.msh.msh_3 = "HL7APY"
    message.msh.msh_4 = "ROME"
    message.msh.msh_7 = SENT
    message.msh.msh_9 = "ADT^A01^ADT_A01"
    message.msh.msh_10 = "hl7apy-%s-%s" % (version, number)
    message.msh.msh_11 = "P"
    message.evn.evn_2 = SENT
    message.pid.pid_3 = "TAX%s^^^^NNITA" % version.replace(".", "")
    message.pid.pid_5 = "Verdi^Luca"
    message.pid.pid_7 = "19851210"
    message.pv1.pv1_2 = "I"
    return message


def send(stream, text):
    """The answer to a message."""
    stream.sendall(b"\x0b" + text.encode("utf-8") + b"\x1c\r")
    heard = b""
    while not heard.endswith(b"\x1c\r"):
        piece = stream.recv(4096)
        if not piece:
            raise SystemExit("the connection ended")
        heard += piece
    return heard[1:-2].decode("utf-8")


def judge(what, answer):
    """Prints what was answered, after hl7apy found it valid."""
    parsed = parse_message(answer, validation_level=VALIDATION_LEVEL.STRICT, find_groups=True)
    parsed.validate()
    errors = parsed.to_er7().split("\r")
    errors = [line for line in errors if line.startswith("ERR")]
    print(what, parsed.msa.msa_1.to_er7(), parsed.msa.msa_2.to_er7(), len(errors))


with socket.create_connection((HOST, PORT), timeout=30) as stream:
    for version in ("2.5", "2.5.1", "2.6"):
        message = admission(version, 1)
        judge("good", send(stream, message.to_er7()))
        message = admission(version, 2)
        message.pid.pid_7 = "1985"
        judge("bad", send(stream, message.to_er7()))
        message = admission(version, 3)
        message.msh.msh_9 = "ADT^A03^ADT_A03"
        judge("other", send(stream, message.to_er7()))
print("all done")
