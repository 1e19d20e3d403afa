// The screens in the order of the navigation. The first one opens by default.
import type { Screen } from "../screen";
import { archivesScreen } from "./archives";
import { explore } from "./explore";

export const screens: Screen[] = [explore, archivesScreen];
