// Every rule on every landscape, and a rule of the reader's own.

import { figure } from "./figure.js";
import { race } from "./race.js";

export default figure(race);
