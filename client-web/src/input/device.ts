//! What one device reads.

/** Pressed `Buttons`, and an aim in radians (y down) if the device has one. */
export interface DeviceInput {
  buttons: number;
  aim: number | undefined;
}
