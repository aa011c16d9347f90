#!/usr/bin/env node
// Plain JavaScript that an old Node parses too, so that it can say what to do. Everything else is conformance/cli.
var major = Number(process.versions.node.split('.')[0]);

if (major < 24) {
  console.error(
    [
      'etalon needs Node 24 or newer; this is Node ' + process.versions.node + '.',
      '  in a project:     npm install --save-dev node@24   (npx and npm scripts of that project then run on it: npx etalon ...)',
      '  on this machine:  install Node 24 or newer with your version manager, for example: nvm install 24',
    ].join('\n'),
  );
  process.exitCode = 3;
} else {
  import('./one-core.js')
    .then(function (core) {
      return import(core.inCheckout ? './cli/main.ts' : '../dist/conformance/cli/main.js');
    })
    .then(function (cli) {
      return cli.main(process.argv.slice(2));
    })
    .then(
      function (status) {
        process.exitCode = status;
      },
      function (error) {
        console.error(error);
        console.error('This is a bug in etalon, not in your input.');
        process.exitCode = 4;
      },
    );
}
