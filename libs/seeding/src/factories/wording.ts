/** Where the text of made-up rows comes from. The same number, 0 to 2^32 - 1, gives the same text each time. */
export interface Wording {
  companyName(number: number): string;
  personName(number: number): string;
  projectName(number: number): string;
  description(number: number): string;
  taskTitle(number: number): string;
  /** Lower case, at most 40 letters, digits and spaces. */
  label(number: number): string;
}

/** Says what it is and which, and costs nothing: for tests. */
export const plainWording: Wording = {
  companyName: (number) => `Company ${number}`,
  personName: (number) => `Person ${number}`,
  projectName: (number) => `Project ${number}`,
  description: (number) => `What project ${number} is about.`,
  taskTitle: (number) => `Do number ${number}`,
  label: (number) => `label ${number % 50}`,
};
