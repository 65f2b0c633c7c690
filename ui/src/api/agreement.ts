/**
 * What the screens take an answer for (types.ts) against what the service's document says (schema.ts, by
 * `npm run types`): the compiler fails where they differ. Nothing here runs.
 */

import type { Team } from '../screens/settings/types.ts';
import type { components } from './schema.ts';
import type {
  Audio,
  Controls,
  Delivery,
  Job,
  KnobSpec,
  Master,
  Me,
  Measurements,
  Processor,
  Project,
  Song,
  Target,
  Upload,
} from './types.ts';

type Document = components['schemas'];
/** Every field that a screen reads is in the document, with a type that fits. */
type Agrees<Sent extends Taken, Taken> = [Sent, Taken];
/** The document leaves out what has a default, which an answer never does; what may be null is not compared. */
type Sure<T> = T extends (infer U)[]
  ? Sure<U>[]
  : T extends object
    ? { [K in keyof T]-?: Sure<NonNullable<T[K]>> }
    : T;

export type Agreement = [
  Agrees<Sure<Document['AudioOut']>, Audio>,
  Agrees<Sure<Document['ControlsOut']>, Controls>,
  Agrees<Sure<Document['DeliveryOut']>, Delivery>,
  Agrees<Sure<Document['JobOut']>, Job>,
  Agrees<Sure<Document['Knob']>, KnobSpec>,
  Agrees<Sure<Document['MasterOut']>, Master>,
  Agrees<Sure<Document['MeOut']>, Me>,
  Agrees<Sure<Document['MeasurementsOut']>, Measurements>,
  Agrees<Sure<Document['ProcessorOut']>, Processor>,
  Agrees<Sure<Document['ProjectOut']>, Project>,
  Agrees<Sure<Document['SongOut']>, Song>,
  Agrees<Sure<Document['Target']>, Target>,
  Agrees<Sure<Document['TeamOut']>, Team>,
  Agrees<Sure<Document['UploadOut']>, Upload>,
];
