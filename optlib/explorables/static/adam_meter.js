// Adam on any landscape beside any rules, and its meter.

import { figure } from "./figure.js";
import { race } from "./race.js";

export default figure(race);
