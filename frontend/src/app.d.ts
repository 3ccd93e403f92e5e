declare global {
  namespace App {
    interface PageState {
      /** A dialog or sheet that the back button closes. */
      overlay?: string;
    }
  }
}

export {};
