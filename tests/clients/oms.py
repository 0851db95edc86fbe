"""Run by the clients' own Python: signs or checks a folder with `model_signing`, prints what it said.

python oms.py sign|verify FOLDER KEY, the key private or public; the signature is SIGNATURE.json.
"""

import json
from pathlib import Path
import socket
import sys

from model_signing import hashing, signing, verifying

SIGNATURE = "SIGNATURE.json"


def no_network(*_):
    raise OSError("this test reaches no network")


def main():
    socket.socket.connect = socket.getaddrinfo = no_network
    folder, key = Path(sys.argv[2]), Path(sys.argv[3])
    try:
        if sys.argv[1] == "sign":
            left_out = [folder / SIGNATURE, folder / "receipt.json"]
            signer = signing.Config().use_elliptic_key_signer(private_key=key)
            signer.set_hashing_config(hashing.Config().set_ignored_paths(paths=left_out))
            signer.sign(folder, folder / SIGNATURE)
        else:
            checker = verifying.Config().use_elliptic_key_verifier(public_key=key)
            checker.verify(folder, folder / SIGNATURE)
    except ValueError as error:
        json.dump(str(error), sys.stdout)
    else:
        json.dump(None, sys.stdout)


if __name__ == "__main__":
    main()
