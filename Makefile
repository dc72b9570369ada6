# Two commands are all a newcomer needs: `make run` and `make test`.
PYTHON := .venv/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run shell sms test train validate evaluate calibrate mutate fuzz rules stamp-rules bookings staff-user report audit reseal rejudge screenshots install install-dev lock clean

run: install train ## start everything and print the address of the chat
	@$(PYTHON) -m honcho start

shell: install train ## talk to the bot in this terminal
	@$(PYTHON) launch.py shell

sms: install ## a pretend phone in this terminal: texts to the bot of `make run`, through a pretend Twilio
	@$(PYTHON) -W ignore -m channels.phone $(NUMBER)

test: install-dev train validate ## every test
	@$(PYTHON) -m pytest $(ARGS)

train: install ## train the model if its data changed
	@$(PYTHON) launch.py train

validate: install ## check that rules, texts, intents, sources and facts agree
	@$(PYTHON) -m candidacy.validate

# One folder holds one measuring set; the project itself ships none.
ifeq ($(strip $(FOLDER)),)
evaluate: ## measure listening, questions and talks: make evaluate FOLDER=path [ARGS=--texts]
	@$(error Usage: make evaluate FOLDER=path [ARGS=--texts], a folder with messages.jsonl and perhaps questions.jsonl and dialogues.jsonl)
else
evaluate: install-dev try-benchmark $(if $(wildcard $(FOLDER)/dialogues.jsonl $(FOLDER)/questions.jsonl),train)
	@status=0; \
	$(PYTHON) -m benchmarks.evaluate_listening "$(FOLDER)" $(ARGS) || status=1; echo; \
	$(PYTHON) -m benchmarks.overlap "$(FOLDER)" || status=1; \
	if [ -f "$(FOLDER)/questions.jsonl" ]; then echo; TF_CPP_MIN_LOG_LEVEL=3 $(PYTHON) -W ignore -m benchmarks.evaluate_questions "$(FOLDER)" $(ARGS) || status=1; fi; \
	if [ -f "$(FOLDER)/dialogues.jsonl" ]; then echo; $(PYTHON) -m benchmarks.dialogues "$(FOLDER)" || status=1; fi; \
	exit $$status
endif

calibrate: install-dev ## cross-validate the classifier; curves go to benchmarks/results/
	@$(PYTHON) -W ignore -m benchmarks.calibrate

fuzz: install-dev try-benchmark ## let atheris look for a message that listening cannot bear: make fuzz [SECONDS=60]
	@PYTHONPATH=. .venv-benchmark/bin/python benchmarks/fuzz.py $(SECONDS)

mutate: install-dev ## do the cases notice when listening or a rule is broken? Lists idle cases and unnoticed mutants
	@$(PYTHON) -m benchmarks.mutate

rules: install ## write the rules as one printable page for whoever signs them
	@$(PYTHON) -m candidacy.rules_page $(ARGS)

stamp-rules: install ## before a release: renew the digest of the rules in CHANGELOG.md
	@$(PYTHON) -m candidacy.validation.stamp

bookings: install ## list requests for a consultation with their cards
	@$(PYTHON) -m desk.bookings $(ARGS)

# Some systems set a NAME of their own; only one that was written here counts.
ifneq ($(origin NAME),command line)
staff-user: ## add a user of the staff inbox: make staff-user NAME=ana [ROLE=staff|provider|admin] [ARGS=--reset]
	@$(error Usage: make staff-user NAME=ana [ROLE=staff|provider|admin] [ARGS=--reset])
else
staff-user: install
	@$(PYTHON) -m staff.user "$(NAME)" $(if $(ROLE),--role "$(ROLE)") $(ARGS)
endif

report: install ## what people asked and got no answer to, by likeness: make report [ARGS="--days 30"]
	@$(PYTHON) -W ignore -m components.unanswered $(ARGS)

audit: install ## check that the record of screenings is whole; names the first row that is not
	@$(PYTHON) -m desk.audit $(ARGS)

reseal: install ## after a new DATA_KEY: encrypt everything that is kept with the newest key
	@$(PYTHON) -m desk.reseal

rejudge: install ## judge every stored request again under the current rules; list what differs
	@$(PYTHON) -m desk.rejudge $(ARGS)

screenshots: install-dev ## take the README's pictures from the running bot (Debian's chromium)
	@$(PYTHON) -W ignore -m tests.screenshots
	@$(PYTHON) -W ignore -m tests.inbox_screenshots

install: .venv/.installed
install-dev: .venv/.installed-dev

.venv/bin/python:
	@python3.10 -c "import venv" 2>/dev/null || { echo "Python 3.10 is needed: 'uv python install 3.10', 'pyenv install 3.10', or on Ubuntu the deadsnakes packages 'python3.10 python3.10-venv'."; exit 1; }
	@echo "[1/3] Making a virtual environment in .venv"
	@python3.10 -m venv .venv

.venv/.installed: requirements.txt | .venv/bin/python
	@echo "[2/3] Installing the packages of requirements.txt (a few minutes, once)"
	@$(PYTHON) -m pip install --progress-bar off --require-hashes --no-deps -r requirements.txt 2>&1 | $(PYTHON) -u -c "$$PROGRESS"
	@test -x .venv/bin/rasa || { echo "The installation failed; the lines above say why."; exit 1; }
	@echo "[3/3] Compiling bytecode (halves the start)"
	@$(PYTHON) -m compileall -q -j0 .venv/lib >/dev/null 2>&1 || true
	@touch $@

.venv/.installed-dev: requirements-dev.txt | .venv/.installed
	@echo "Installing the packages for the tests"
	@$(PYTHON) -m pip install --progress-bar off --require-hashes --no-deps -r requirements-dev.txt 2>&1 | $(PYTHON) -u -c "$$PROGRESS"
	@test -x .venv/bin/pytest || { echo "The installation failed; the lines above say why."; exit 1; }
	@touch $@

# The tools that listening is measured beside. They see the product's packages and add their own, so that
# the product's environment stays as it is; without them the evaluation still runs.
try-benchmark: | .venv/.installed-dev
	@test .venv-benchmark/.installed -nt requirements-benchmark.txt || { \
	  echo "Installing medspaCy and negspaCy in .venv-benchmark (once)"; \
	  mkdir -p .venv-benchmark && rm -f .venv-benchmark/.installed && { \
	    $(PYTHON) -m venv .venv-benchmark && \
	    $(PYTHON) -c "$$SEE_PRODUCT" && \
	    .venv-benchmark/bin/python -m pip install --progress-bar off --require-hashes --no-deps -r requirements-benchmark.txt && \
	    touch .venv-benchmark/.installed; } >.venv-benchmark/install.log 2>&1 || true; }

define SEE_PRODUCT
import glob, sysconfig
(there,) = glob.glob(".venv-benchmark/lib/python*/site-packages")
with open(there + "/product.pth", "w") as file:
    file.write(sysconfig.get_paths()["purelib"])
endef
export SEE_PRODUCT

# One dot a package; anything that went wrong in full.
define PROGRESS
import sys
for line in sys.stdin:
    if line.startswith("Collecting"):
        print(".", end="", flush=True)
    elif line.startswith(("ERROR", "error")) or "HASH" in line or "hashes" in line:
        print("\n" + line, end="", flush=True)
print(flush=True)
endef
export PROGRESS

lock: ## resolve requirements.txt, requirements-dev.txt and requirements-benchmark.txt anew (needs uv)
	@uv pip compile pyproject.toml --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links -q -o requirements.txt
	@uv pip compile pyproject.toml --extra dev -c requirements.txt --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links -q -o requirements-dev.txt
	@uv pip compile pyproject.toml --extra dev --extra benchmark -c requirements.txt --python-version 3.10 --generate-hashes --no-emit-index-url --no-emit-find-links -q -o requirements-benchmark.txt

clean: ## remove the environment, models and local databases
	@rm -rf .venv .venv-benchmark models/*.tar.gz models/.trained-from var
