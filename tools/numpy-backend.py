"""A backend in Python: answers programs with NumPy, by the protocol of spec/protocol.md.

    npx etalon check "command:python3 tools/numpy-backend.py"

It reads one JSON message per line from stdin and writes one per line to stdout. A program is a list of equations; each
is computed by the function of its primitive's name below. Floats are computed in float64 and rounded once to their
dtype, which NumPy's own float32 functions do not always manage. What has no function here is not declared, and so a gap.
"""

import base64
import json
import sys

import numpy as np

FLOATS = ["float32", "float64"]
INTEGERS = ["int32", "uint32"]
NUMBERS = FLOATS + INTEGERS
ANY = NUMBERS + ["bool"]

KERNELS = {}
"""By the name of a primitive: its function of the operands and the parameters, and the dtypes that it is declared for."""


def primitive(*dtypes, name=None):
    """Declares a function of operands and parameters as the kernel of the primitive of its name."""

    def declare(kernel):
        KERNELS[name or kernel.__name__] = (kernel, list(dtypes))
        return kernel

    return declare


def elementwise(name, dtypes, function):
    """Declares a function of arrays. Floats go in as float64; the result has the dtype of the first operand."""

    def kernel(*operands):
        wide = [x.astype(np.float64) if x.dtype == np.float32 else x for x in operands]
        return np.asarray(function(*wide)).astype(operands[0].dtype)

    primitive(*dtypes, name=name)(kernel)


def nan_or(pick):
    """The larger or smaller of two: NaN if either is, and +0 above -0."""

    def choose(x, y):
        if x.dtype.kind != "f":
            return np.where(pick(x, y), x, y)
        ties = np.where(pick(np.signbit(y), np.signbit(x)), x, y)  # the sign bit falls as the value grows
        chosen = np.where(x == y, ties, np.where(pick(x, y), x, y))
        return np.where(np.isnan(x) | np.isnan(y), np.nan, chosen)

    return choose


def quotient(x, y):
    if x.dtype.kind == "f":
        return x / y
    safe = np.where(y == 0, 1, y)
    truncated = np.trunc(x.astype(np.float64) / safe.astype(np.float64)).astype(np.int64)  # 32 bits are exact in 53
    return np.where(y == 0, np.int64(-1), truncated)  # by zero: all bits set


elementwise("neg", NUMBERS, np.negative)
elementwise("abs", FLOATS + ["int32"], np.abs)
elementwise("sign", NUMBERS, lambda x: np.where(np.isnan(x) | (x == 0), x, np.sign(x)) if x.dtype.kind == "f" else np.sign(x))
elementwise("floor", FLOATS, np.floor)
elementwise("ceil", FLOATS, np.ceil)
elementwise("sqrt", FLOATS, np.sqrt)
elementwise("square", NUMBERS, np.square)
for unary in ["sin", "cos", "tan", "tanh", "sinh", "cosh", "exp", "expm1", "log", "log1p", "exp2"]:
    elementwise(unary, ["float32"], getattr(np, unary))
elementwise("add", NUMBERS, np.add)
elementwise("sub", NUMBERS, np.subtract)
elementwise("mul", NUMBERS, np.multiply)
elementwise("div", NUMBERS, quotient)
elementwise("max", NUMBERS, nan_or(np.greater))
elementwise("min", NUMBERS, nan_or(np.less))
for name, compare in [("eq", np.equal), ("ne", np.not_equal), ("lt", np.less), ("le", np.less_equal),
                      ("gt", np.greater), ("ge", np.greater_equal)]:
    primitive(*ANY, name=name)(lambda x, y, compare=compare: compare(x, y))
for name, bits in [("and", np.bitwise_and), ("or", np.bitwise_or), ("xor", np.bitwise_xor), ("not", np.invert)]:
    primitive(*INTEGERS, "bool", name=name)(lambda *xs, bits=bits: bits(*xs))


@primitive(*ANY)
def select_n(which, *cases):
    index = np.clip(which.astype(np.int64), 0, len(cases) - 1)
    chosen = cases[0]
    for i, case in enumerate(cases):
        chosen = np.where(index == i, case, chosen)
    return chosen


@primitive(*ANY)
def broadcast_in_dim(x, shape, broadcast_dimensions):
    lifted = [1] * len(shape)
    for axis, size in zip(broadcast_dimensions, x.shape):
        lifted[axis] = size
    return np.broadcast_to(x.reshape(lifted), shape)


@primitive(*ANY)
def reshape(x, new_sizes):
    return x.reshape(new_sizes)


@primitive(*ANY)
def squeeze(x, dimensions):
    return x.reshape([n for axis, n in enumerate(x.shape) if axis not in dimensions])


@primitive(*ANY)
def transpose(x, permutation):
    return np.transpose(x, permutation)


@primitive(*ANY)
def rev(x, dimensions):
    return np.flip(x, tuple(dimensions))


@primitive(*ANY)
def concatenate(*xs, dimension):
    return np.concatenate(xs, dimension)


@primitive(*ANY, name="slice")
def slice_(x, start_indices, limit_indices, strides):
    steps = strides or [1] * x.ndim
    return x[tuple(slice(*ends) for ends in zip(start_indices, limit_indices, steps))]


@primitive(*NUMBERS)
def iota(dtype, shape, dimension):
    along = np.arange(shape[dimension]).reshape([-1 if axis == dimension else 1 for axis in range(len(shape))])
    return np.broadcast_to(along, shape).astype(dtype)


@primitive(*NUMBERS)
def reduce_sum(x, axes):
    wide = x.astype(np.float64) if x.dtype == np.float32 else x
    return np.asarray(wide.sum(tuple(axes), dtype=wide.dtype) + wide.dtype.type(0)).astype(x.dtype)  # no sum is -0


@primitive(*FLOATS)
def dot_general(x, y, dimension_numbers, precision, preferred_element_type):
    (contract_x, contract_y), (batch_x, batch_y) = dimension_numbers
    if preferred_element_type not in (None, str(x.dtype)):
        raise Gap("dot_general", f"results of another dtype, {preferred_element_type}")
    free_x = [a for a in range(x.ndim) if a not in contract_x + batch_x]
    free_y = [a for a in range(y.ndim) if a not in contract_y + batch_y]
    sizes = lambda z, axes: [z.shape[a] for a in axes]
    count = lambda z, axes: int(np.prod(sizes(z, axes)))
    left = x.transpose(batch_x + free_x + contract_x).reshape(count(x, batch_x), count(x, free_x), count(x, contract_x))
    right = y.transpose(batch_y + contract_y + free_y).reshape(count(y, batch_y), count(y, contract_y), count(y, free_y))
    product = left.astype(np.float64) @ right.astype(np.float64)
    return product.reshape(sizes(x, batch_x) + sizes(x, free_x) + sizes(y, free_y)).astype(x.dtype)


# ---- programs within programs: their kernels get the interpreter


def jit(run, operands, name, jaxpr):
    return run(jaxpr, operands)


def cond(run, operands, branches):
    index = int(np.clip(operands[0], 0, len(branches) - 1))
    return run(branches[index], operands[1:])


def while_(run, operands, cond_jaxpr, body_jaxpr, cond_nconsts, body_nconsts):
    for_cond, rest = operands[:cond_nconsts], operands[cond_nconsts:]
    for_body, carry = rest[:body_nconsts], rest[body_nconsts:]
    while run(cond_jaxpr, for_cond + carry)[0]:
        carry = run(body_jaxpr, for_body + carry)
    return carry


def scan(run, operands, jaxpr, length, reverse, num_consts, num_carry, **_):
    consts, carry = operands[:num_consts], operands[num_consts : num_consts + num_carry]
    xs = operands[num_consts + num_carry :]
    rows = [None] * length
    for k in reversed(range(length)) if reverse else range(length):
        results = run(jaxpr, consts + carry + [x[k] for x in xs])
        carry, rows[k] = results[:num_carry], results[num_carry:]
    types = [typed(jaxpr, atom) for atom in jaxpr["outputs"][num_carry:]]
    stacked = [np.array([row[j] for row in rows], dtype).reshape([length, *shape]) for j, (dtype, shape) in enumerate(types)]
    return carry + stacked


def typed(jaxpr, atom):
    """Dtype and shape of an output of a program."""
    if not isinstance(atom, str):
        return atom["dtype"], []
    bound = jaxpr["constants"] + jaxpr["inputs"] + [v for e in jaxpr["equations"] for v in e["outputs"]]
    return next((v["dtype"], v["shape"]) for v in bound if v["name"] == atom)


PROGRAMS = {"jit": jit, "cond": cond, "while": while_, "scan": scan}

# ---- the interpreter


class Gap(Exception):
    """What this backend does not compute, found out only when the program has come: primitive, reason."""


def decode(array):
    if array["dtype"] not in ANY:
        raise Gap("program", f"NumPy here has no {array['dtype']}")
    return np.frombuffer(base64.b64decode(array["data"]), dtype=array["dtype"]).reshape(array["shape"])


def encode(x):
    return {"dtype": str(x.dtype), "shape": list(x.shape), "data": base64.b64encode(x.tobytes()).decode()}


def literal(atom):
    value = atom["value"]
    if isinstance(value, str) and value.startswith("nan:"):
        bits = int(value[4:], 16).to_bytes(np.dtype(atom["dtype"]).itemsize, "little")
        return np.frombuffer(bits, atom["dtype"])[0].reshape(())
    return np.array(float(value) if isinstance(value, str) else value).astype(atom["dtype"])


def interpreter(constants):
    def run(jaxpr, operands):
        env = {v["name"]: constants[v["constant"]] for v in jaxpr["constants"]}
        env.update((v["name"], x) for v, x in zip(jaxpr["inputs"], operands))
        read = lambda atom: env[atom] if isinstance(atom, str) else literal(atom)
        for equation in jaxpr["equations"]:
            inputs = [read(atom) for atom in equation["inputs"]]
            name, params = equation["primitive"], equation["params"]
            if name in PROGRAMS:
                results = PROGRAMS[name](run, inputs, **params)
            else:
                results = [np.asarray(KERNELS[name][0](*inputs, **params))]
            env.update((v["name"], x) for v, x in zip(equation["outputs"], results))
        return [read(atom) for atom in jaxpr["outputs"]]

    return run


def answer(request):
    program = request["program"]
    run = interpreter([decode(c) for c in program["constants"]])
    with np.errstate(all="ignore"):
        return [encode(y) for y in run(program["jaxpr"], [decode(x) for x in request["inputs"]])]


def say(message):
    print(json.dumps(message), flush=True)


def main():
    for line in sys.stdin:
        request = json.loads(line)
        if request["type"] == "start":
            supports = {name: dtypes for name, (_, dtypes) in KERNELS.items()} | {name: ANY for name in PROGRAMS}
            description = f"NumPy {np.__version__} on Python {sys.version.split()[0]}"
            say({"type": "ready", "version": 1, "name": "numpy", "description": description, "profile": "strict", "supports": supports})
        elif request["type"] == "stop":
            return
        else:
            id = request["id"]
            try:
                say({"type": "result", "id": id, "outputs": answer(request)})
            except Gap as gap:
                say({"type": "gap", "id": id, "primitive": gap.args[0], "reason": gap.args[1]})
            except Exception as error:
                say({"type": "error", "id": id, "message": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
