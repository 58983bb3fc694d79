# SPDX-License-Identifier: Apache-2.0
"""Rules about the text of C files: what may include what, what may be called, how long a function may be."""
import re
import statistics

from tree import Finding

# A module includes headers of its own or of a lower layer.
LAYERS = [
    ["base"],
    ["link"],
    ["directory", "config"],
    ["rules", "guard", "message", "oidc"],
    ["source", "store", "target"],
    ["job"],
    ["daemon"],
    ["app"],
]
RANK = {module: rank for rank, modules in enumerate(LAYERS) for module in modules}
PURE = {"directory", "rules", "guard", "message"}

FOREIGN = re.compile(r"(ldap|lber|libpq-fe|libpq/|jansson|libconfig|pcre2|utf8proc|openssl/|curl/|xxhash|jose/|nats/|event2?[./])")
IMPURE_HEADERS = re.compile(r"^(roster/log\.h|stdio_ext|time|fcntl|unistd|dirent|poll|sys/(?!types)|net|arpa|event2?/)")
IMPURE_CALLS = re.compile(r"\b(f?printf|puts|fopen|open|read|write|getenv|time|clock_gettime|log_\w+|exit)\s*\(")
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|system|popen|alloca)\s*\(")
STATEMENT = re.compile(r'"\s*(SELECT|INSERT INTO|UPDATE \w|DELETE FROM|COPY \w|CREATE \w|ALTER \w|DROP \w|WITH \w+ AS)')

BODY_LINES = 60
MEDIAN_LINES = 15
PARAMETERS = 5
NESTING = 3


def module_of(tree, path):
    """The module a file of src/ or include/roster/ belongs to; None for others."""
    if path.parts[0] == "src" and len(path.parts) > 2:
        return path.parts[1]
    if path.parts[:2] == ("include", "roster"):
        return module_of_header(tree, path.stem)
    return None


def module_of_header(tree, stem):
    """The module it is named after, else the lowest that implements it; a facade whose file is split is link's."""
    if stem in RANK:
        return stem
    return next((module for module in RANK if (tree.root / f"src/{module}/{stem}.c").exists()), "link")


def includes(source):
    """(line, name, is a system header) of every #include."""
    for number, line in enumerate(source.without_comments, 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found.group(2), found.group(1) == "<"


def layers(tree):
    for source in tree.below("src", "include"):
        module = module_of(tree, source.path)
        if module not in RANK:
            yield Finding(source.path, 0, f"module {module} has no place in the layers (HACKING.md)")
            continue
        for line, name, system in includes(source):
            if system:
                continue
            folder, _, file = name.partition("/")
            if folder != "roster":
                if folder != module or not file:
                    yield Finding(source.path, line, f'"{name}" is private to {folder}; include it from there only')
                continue
            other = module_of_header(tree, file.removesuffix(".h"))
            if other != module and RANK[other] >= RANK[module]:
                yield Finding(source.path, line, f"{module} must not include {other}, which is not below it")


def facades(tree):
    for source in tree.below("src", "include"):
        for line, name, _ in includes(source):
            if FOREIGN.match(name) and source.path.parts[:2] != ("src", "link"):
                yield Finding(source.path, line, f"<{name}> is included in src/link/ only")


def purity(tree):
    for source in tree.below("src"):
        if source.path.parts[1] not in PURE:
            continue
        for line, name, _ in includes(source):
            if IMPURE_HEADERS.match(name):
                yield Finding(source.path, line, f"{source.path.parts[1]} is pure and does not need {name}")
        for line, text in enumerate(source.code, 1):
            if found := IMPURE_CALLS.search(text):
                yield Finding(source.path, line, f"{source.path.parts[1]} is pure and must not call {found.group(1)}()")


def sql(tree):
    for source in tree.below("src", "include"):
        if source.path.parts[:2] == ("src", "store"):
            continue
        for line, text in enumerate(source.without_comments, 1):
            if STATEMENT.search(text):
                yield Finding(source.path, line, "SQL belongs to src/store/ and schema/")


def banned(tree):
    for source in tree.sources:
        for line, text in enumerate(source.code, 1):
            if found := BANNED.search(text):
                yield Finding(source.path, line, f"{found.group(1)}() is banned")


def typedefs(tree):
    for source in tree.below("src", "include"):
        for line, text in enumerate(source.code, 1):
            if re.search(r"\btypedef\s+(struct|union|enum)\b", text):
                yield Finding(source.path, line, "say struct, union or enum where it is used, without a typedef")


def purpose(tree):
    for source in tree.below("include"):
        opening = [line.rstrip() for line in source.lines[1:3]]
        if len(opening) < 2 or opening[0] != "/*" or not opening[1].startswith(f" * {source.path.stem}: "):
            text = f'open with a comment " * {source.path.stem}: <what it takes off your hands>"'
            yield Finding(source.path, 2, text)


class Function:
    """Found by the formatter's shape: braces of a function stand alone in column 0."""

    def __init__(self, source, start, end):
        first = start
        while first > 0 and source.code[first - 1].strip() and not source.code[first - 1].startswith(("}", "#")):
            first -= 1
        self.signature = " ".join(line.strip() for line in source.code[first:start])
        self.line = first + 1
        self.body = source.code[start + 1 : end]

    @property
    def name(self):
        found = re.search(r"(\w+)\s*\(", self.signature)
        return found.group(1) if found else "?"

    def parameters(self):
        """How many besides the error; a comma inside a function pointer's list does not count."""
        inside = self.signature[self.signature.find("(") + 1 : self.signature.rfind(")")]
        while (flat := re.sub(r"\([^()]*\)", "", inside)) != inside:
            inside = flat
        names = [name.strip() for name in inside.split(",")]
        return len([name for name in names if name and name != "void" and not name.startswith("struct error *")])

    def deepest(self):
        """(depth, index of the line) of the most nested control statement."""
        depth = (0, 0)
        for index, line in enumerate(self.body):
            found = re.match(r"(\t*)(\} )?(if|for|while|do|switch|else)\b", line)
            if found and len(found.group(1)) > depth[0]:
                depth = (len(found.group(1)), index)
        return depth


def functions_of(source):
    start = None
    for number, line in enumerate(source.code):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield Function(source, start, number)
            start = None


def functions(tree):
    for source in tree.sources:
        for function in functions_of(source):
            if len(function.body) > BODY_LINES:
                text = f"{function.name}() has {len(function.body)} lines, more than {BODY_LINES}"
                yield Finding(source.path, function.line, text)
            if function.parameters() > PARAMETERS:
                text = f"{function.name}() takes {function.parameters()} parameters besides err, more than {PARAMETERS}"
                yield Finding(source.path, function.line, text)
            depth, index = function.deepest()
            if depth > NESTING:
                text = f"{function.name}() nests {depth} deep, more than {NESTING}"
                yield Finding(source.path, function.line + index, text)


def median(tree):
    sizes = [len(function.body) for source in tree.below("src") for function in functions_of(source)]
    half = statistics.median(sizes) if sizes else 0
    if half > MEDIAN_LINES:
        yield Finding("src", 0, f"half of the functions have {half} lines or more, the budget is {MEDIAN_LINES}")
