"""Run by the clients' own Python: Llama 3's tokenizer.json, from the rank file that llama-models ships.

python llama_json.py PATH. The licence of the ranks is Meta's: what this writes is for the moment of a
test, never to be kept.
"""

import json
from pathlib import Path
import sys

import llama_models
from llama_models.llama3.tokenizer import Tokenizer
from transformers.convert_slow_tokenizer import TikTokenConverter

RANKS = Path(llama_models.__file__).parent / "llama3" / "tokenizer.model"


def main():
    path = Path(sys.argv[1])
    special = Tokenizer.get_instance().special_tokens
    names = sorted(special, key=special.get)
    made = TikTokenConverter(str(RANKS), extra_special_tokens=names).converted()
    assert all(number == made.token_to_id(name) for name, number in special.items())
    path.write_text(made.to_str(), encoding="utf-8")
    config = {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"}
    (path.parent / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")


if __name__ == "__main__":
    main()
