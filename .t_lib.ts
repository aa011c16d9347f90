import { init, trainStep, accuracy, loadDigits, schedule } from './conformance/models/digits.ts';
import { random } from 'etalon';
const d = loadDigits(); let s = init(random.key(0)); let n=0; const t=performance.now();
for (const {batch, rate} of schedule(d)) { const r = trainStep(s, batch, rate); s = r.state; if (n++ % 22 === 0) console.log(n, r.loss.item(), (performance.now()-t)/1000); }
console.log(n, (performance.now()-t)/1000, 's'); console.log(accuracy(s.params, d.test.images, d.test.labels).item(), (performance.now()-t)/1000);
