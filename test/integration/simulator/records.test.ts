/** Every record in `records/` is a case. */
import { readRecords } from '../../tools/simulator/records';
import { replay } from './replay';

test.each(readRecords())('$name', replay);
