/**
 * Every public function, called with what it cannot use: the error is Etalon's, names the function, and nothing is
 * ignored in silence. A valid call of each is found by trying, or written down where that would take too long.
 */
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import * as etalon from './index.ts';

const { errors, grad, lax, np, random } = etalon;
type Callable = (...args: readonly unknown[]) => unknown;

const matrix = np.array([[2, 1], [1, 3]]); // prettier-ignore
const vector = np.array([1, 2]);
const integers = np.array([[1, 0], [0, 1]], 'int32'); // prettier-ignore
const key = random.key(0);
const image = np.ones([1, 1, 3, 3]);

/** Calls that are too special to be found. */
const written: Readonly<Record<string, readonly unknown[]>> = {
  'np.arange': [2],
  'np.resultType': [vector],
  'np.einsum': ['ij,jk->ik', matrix, matrix],
  'np.iinfo': ['int8'],
  'np.reshape': [matrix, [4]],
  'np.squeeze': [np.ones([1, 2]), 0],
  'lax.broadcastInDim': [vector, [2, 2], [1]],
  'lax.cond': [true, (x: unknown) => x, (x: unknown) => x, vector],
  'lax.conv': [image, image, [1, 1], 'VALID'],
  'lax.convGeneralDilated': [image, image, [1, 1], 'VALID'],
  'lax.convTranspose': [np.ones([1, 3, 3, 1]), np.ones([2, 2, 1, 1]), [1, 1], 'VALID'],
  'lax.convWithGeneralPadding': [image, image, [1, 1], 'VALID', null, null],
  'lax.customLinearSolve': [(x: unknown) => x, vector, (_: unknown, b: unknown) => b],
  'lax.customRoot': [(x: unknown) => x, vector, (_: unknown, x: unknown) => x, (_: unknown, y: unknown) => y],
  'lax.dotGeneral': [matrix, matrix, [[[1], [0]], [[], []]]], // prettier-ignore
  'lax.fft': [vector, 'RFFT', [2]],
  'lax.foriLoop': [0, 2, (_: unknown, c: unknown) => c, vector],
  'lax.gather': [vector, np.zeros([1, 1], 'int32'), { offset_dims: [], collapsed_slice_dims: [0], start_index_map: [0], operand_batching_dims: [], start_indices_batching_dims: [] }, [1]], // prettier-ignore
  'lax.pad': [vector, 0, [[0, 0, 0]]], // prettier-ignore
  'lax.imag': [np.ones([2], 'complex64')],
  'lax.linalg.luPivotsToPermutation': [np.array([0n, 1n]), 2],
  'lax.linalg.tridiagonalSolve': [vector, vector, vector, matrix],
  'lax.real': [np.ones([2], 'complex64')],
  'lax.reduce': [vector, 0, lax.add, [0]],
  'lax.reducePrecision': [vector, 5, 10],
  'lax.reduceWindow': [vector, 0, lax.add, [1]],
  'lax.reduceWindowMax': [vector, [1]],
  'lax.reduceWindowMin': [vector, [1]],
  'lax.reduceWindowSum': [vector, [1]],
  'lax.reshape': [matrix, [4]],
  'lax.scan': [(c: unknown, x: unknown) => [c, x], vector, matrix],
  'lax.selectAndGatherAdd': [vector, vector, 'ge', [1]],
  'lax.selectAndScatterAdd': [vector, vector, 'ge', [1]],
  'lax.selectN': [np.array(true), vector, vector],
  'lax.slice': [vector, [0], [1]],
  'lax.split': [vector, [1, 1]],
  'lax.squeeze': [np.ones([1, 2]), [0]],
  'lax.switch': [0, [(x: unknown) => x], vector],
  'lax.threefry2x32': [key, key, key, key],
  'lax.whileLoop': [() => false, (c: unknown) => c, vector],
  'nn.initializers.varianceScaling': [1, 'fan_in', 'normal'],
  'random.randint': [key, [2], 0, 5],
  'random.useThreefryPartitionable': [false],
  'scipy.special.multigammaln': [vector, 2],
  closureConvert: [(x: unknown) => x, vector],
  defjvp: [etalon.customTransforms((x: unknown) => x), null],
  defjvpAll: [etalon.customTransforms((x: unknown) => x), () => []],
  defvjp: [etalon.customTransforms((x: unknown) => x), null],
  defvjpAll: [etalon.customTransforms((x: unknown) => x), () => []],
  'evalShape': [(x: unknown) => x, vector], // prettier-ignore
  'jvp': [(x: unknown) => x, [vector], [vector]], // prettier-ignore
  'linearTranspose': [(x: unknown) => x, vector], // prettier-ignore
};
for (const name of ['scatter', 'scatterAdd', 'scatterMul', 'scatterMin', 'scatterMax']) {
  const numbers = { update_window_dims: [], inserted_window_dims: [0], scatter_dims_to_operand_dims: [0], operand_batching_dims: [], scatter_indices_batching_dims: [] }; // prettier-ignore
  (written as Record<string, readonly unknown[]>)[`lax.${name}`] = [vector, np.zeros([1, 1], 'int32'), np.ones([1]), numbers]; // prettier-ignore
}

/** What serves backends, or makes nothing of its arguments. */
const others: ReadonlySet<string> = new Set([
  ...['backend', 'blockUntilReady', 'defineBackend', 'evaluateJaxpr', 'gap', 'getDefaultBackend', 'hostArray', 'init'],
  ...[
    'setDefaultBackend',
    'interpret',
    'liveBuffers',
    'opByOp',
    'primitiveNamed',
    'supportsFrom',
    'withGaps',
    'x64Enabled',
    'enableX64',
  ],
  // Named axes need a vmap around them; their tests are in transforms/named-axes.
  ...['lax.psum', 'lax.pmean', 'lax.pmax', 'lax.pmin', 'lax.ppermute', 'lax.pshuffle', 'lax.pswapaxes', 'lax.allToAll'],
  ...['lax.allGather', 'lax.psumScatter', 'lax.axisIndex', 'lax.axisSize', 'pmap', 'softPmap'],
  ...[
    'checkify.check',
    'checkify.checkError',
    'lax.convDimensionNumbers',
    'lax.convGeneralPermutations',
    'lax.convGeneralShapeTuple',
    'lax.convShapeTuple',
  ],
  ...['lax.convTransposeShapeTuple', 'lax.padtypeToPads', 'lax.windowParams'],
]);

/** The functions of a namespace and of those in it, by every name they have; trees have their own page. */
function functionsOf(space: object, prefix: string): [name: string, f: Callable][] {
  return Object.entries(space).flatMap(([name, value]: [string, unknown]) => {
    const path = `${prefix}${name}`;
    if (typeof value === 'function') return /^class\b/.test(String(value)) ? [] : [[path, value as Callable]];
    const isSpace = Object.prototype.toString.call(value) === '[object Module]';
    return isSpace && !['tree', 'errors', 'numpy', 'debug'].includes(name)
      ? functionsOf(value as object, `${path}.`)
      : [];
  });
}
const aliases = new Map<Callable, string[]>();
for (const [name, f] of functionsOf(etalon, ''))
  if (!others.has(name)) aliases.set(f, [...(aliases.get(f) ?? []), name]);

/** How many arguments a function names, and whether it takes any number of them. */
function parametersOf(f: Callable): { named: number; open: boolean } {
  const source = ts.createSourceFile('f.ts', `(${String(f)})`, ts.ScriptTarget.Latest);
  const [statement] = source.statements as unknown as [ts.ExpressionStatement];
  const { parameters } = (statement.expression as ts.ParenthesizedExpression).expression as ts.ArrowFunction;
  const rest = parameters.find((p) => p.dotDotDotToken !== undefined);
  return {
    named: parameters.length - (rest === undefined ? 0 : 1),
    open: rest !== undefined && (rest.name as ts.Identifier).text !== 'more',
  };
}

const pool: readonly unknown[] = [matrix, vector, np.array(1), [0], 0, [matrix, matrix], 'float32', key, integers, (x: unknown) => x]; // prettier-ignore

function succeeds(f: Callable, args: readonly unknown[]): boolean {
  try {
    f(...args);
    return true;
  } catch {
    return false;
  }
}

/** The first combination of the pool that the function takes. */
function validCall(names: readonly string[], f: Callable): readonly unknown[] | undefined {
  const known = names.map((name) => written[name]).find((args) => args !== undefined);
  if (known !== undefined) return known;
  const search = (args: readonly unknown[], needed: number): readonly unknown[] | undefined => {
    if (args.length === needed) return succeeds(f, args) ? args : undefined;
    for (const x of pool) {
      const found = search([...args, x], needed);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  for (let needed = 0; needed <= Math.min(f.length, 3); needed++) {
    const found = search([], needed);
    if (found !== undefined) return found;
  }
  return undefined;
}

const wrong: Readonly<Record<string, unknown>> = {
  undefined,
  null: null,
  'a string': 'abc',
  'a Promise': Promise.resolve(1),
  'a list of anything': [1, 'a'],
  'an unknown option': { bogus: 1 },
  'a function': () => undefined,
  NaN,
  'a huge number': 2 ** 45,
  'a huge bigint': 12345678901234567890n,
  'an array of another dtype': np.array([true, false]),
  'a typed array': new Float32Array(2),
  'a fraction': 0.5,
  'a symbol': Symbol('s'),
  'a negative number': -7,
  'an instance of a class': new Date(0),
};

/** What is no argument of any function here, in no place: these may never pass. */
const NEVER = ['a Promise', 'a symbol', 'an instance of a class', 'an unknown option'];

/** Of the right kind somewhere: a message on its value may name the function that met it. */
const VALUES = [
  'NaN',
  'a huge number',
  'a huge bigint',
  'a fraction',
  'a negative number',
  'an array of another dtype',
];

const simplified = (text: string): string => text.toLowerCase().replaceAll('_', '');
/** Whether a message names the function, by one of its names, or the primitive that refused. */
function isNamed({ message }: Error, names: readonly string[]): boolean {
  const isPrimitive = etalon.primitiveNamed(/^\w+/.exec(message)?.[0] ?? '') !== undefined;
  return isPrimitive || names.some((n) => simplified(message).includes(simplified(n.split('.').at(-1)!)));
}

const functions = [...aliases].map(([f, names]) => ({ f, names, name: names[0]!, call: validCall(names, f) }));

describe('every function', () => {
  it('has a valid call to start from', () => {
    expect(functions.length).toBeGreaterThan(400);
    expect(functions.filter(({ call }) => call === undefined).map(({ name }) => name)).toEqual([]);
  });

  it('refuses what it cannot use, by name', () => {
    const problems: string[] = [];
    for (const { f, name, names, call = [] } of functions) {
      const { named } = parametersOf(f);
      const full = [...call, ...new Array<undefined>(Math.max(0, named - call.length)).fill(undefined)];
      full.forEach((_, i) => {
        for (const [what, x] of Object.entries(wrong)) {
          try {
            f(...full.with(i, x));
            if (NEVER.includes(what) && !takesAnything(name, i)) problems.push(`${name}, argument ${i}: takes ${what}`);
          } catch (error) {
            if (!(error instanceof errors.EtalonError))
              problems.push(`${name}, argument ${i}, ${what}: ${String(error)}`);
            else if (!VALUES.includes(what) && !isNamed(error, names))
              problems.push(`${name} is not named, argument ${i}, ${what}: ${error.message}`);
          }
        }
      });
    }
    expect(problems).toEqual([]);
  });

  it('refuses one argument too many, and options it does not have, by name', () => {
    const problems: string[] = [];
    for (const { f, name, names, call = [] } of functions) {
      const { named, open } = parametersOf(f);
      if (open) continue;
      const full = [...call, ...new Array<undefined>(Math.max(0, named - call.length)).fill(undefined)];
      const calls = [
        [...full, { out: vector }],
        [...full, vector],
      ];
      if (full.length > 0 && !takesAnything(name, full.length - 1)) calls.push(full.with(-1, { out: vector }));
      for (const args of calls) {
        try {
          f(...args);
          problems.push(name);
        } catch (error) {
          if (!isNamed(error as Error, names)) problems.push(`${name} is not named: ${String(error)}`);
        }
      }
    }
    expect(problems).toEqual([]);
  });

  it('may be handed to map and reduce', () => {
    expect([1, 4].map(np.sqrt).map((x) => x.item())).toEqual([1, 2]);
    expect([vector, vector, vector].reduce(np.add).js()).toEqual([3, 6]);
  });
});

/** Places for any tree, and keys that a constant does not look at. */
function takesAnything(name: string, argument: number): boolean {
  const places: Readonly<Record<string, readonly number[]>> = {
    'nn.initializers.ones': [0],
    'nn.initializers.zeros': [0],
    'lax.cond': [3],
    'lax.switch_': [2],
    'lax.scan': [1],
    'lax.whileLoop': [2],
    'lax.foriLoop': [3],
    devicePut: [0],
    stopGradient: [0],
    closureConvert: [1],
    'lax.customLinearSolve': [1],
    'lax.customRoot': [1],
    evalShape: [1],
    linearTranspose: [1],
  };
  return places[name]?.includes(argument) ?? false;
}

describe('methods of arrays', () => {
  const x = np.array([1, 2]) as unknown as Record<string, Callable>;
  const zero = ['neg', 'abs', 'flatten', 'ravel'];
  const one = ['add', 'sub', 'mul', 'div', 'floorDiv', 'mod', 'pow', 'equal', 'notEqual', 'less', 'lessEqual', 'greater', 'greaterEqual', 'dot']; // prettier-ignore
  it.each([...zero.map((m) => [m, []] as const), ...one.map((m) => [m, [1]] as const)])(
    '%s refuses what it would ignore',
    (method, args) => {
      expect(() => x[method]!(...args, { out: vector })).toThrow(errors.OptionError);
      expect(() => x[method]!(...args, vector)).toThrow(errors.EtalonError);
    },
  );
  it('reductions refuse unknown options', () => {
    for (const method of ['sum', 'mean', 'prod', 'max', 'min', 'all', 'any'])
      expect(() => x[method]!({ axes: 0 })).toThrow(/unknown option 'axes'/);
  });
  it('a function of a transformation takes what it takes', () => {
    expect(grad((v: etalon.NDArray) => v.sum())(vector).js()).toEqual([1, 1]);
  });
});
