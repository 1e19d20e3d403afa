// The screens in the order of the navigation. The first one opens by default.
import type { Screen } from "../screen";
import { archivesScreen } from "./archives";
import { compare } from "./compare";
import { explore } from "./explore";
import { host } from "./host";
import { overview } from "./overview";

export const screens: Screen[] = [overview, host, explore, compare, archivesScreen];
