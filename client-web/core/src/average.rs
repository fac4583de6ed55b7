//! A running average with its mean deviation.

/// Exponentially weighted average and mean absolute deviation. The first value counts fully.
#[derive(Clone, Copy, Debug)]
pub struct Average {
    weight: f64,
    value: Option<f64>,
    deviation: f64,
}

impl Average {
    /// An average in which each new value counts `weight`, between 0 and 1.
    pub fn new(weight: f64) -> Average {
        Average { weight, value: None, deviation: 0.0 }
    }

    pub fn add(&mut self, sample: f64) {
        match &mut self.value {
            None => self.value = Some(sample),
            Some(value) => {
                let error = sample - *value;
                *value += error * self.weight;
                self.deviation += (error.abs() - self.deviation) * self.weight;
            }
        }
    }

    /// The average; `None` before the first value.
    pub fn value(&self) -> Option<f64> {
        self.value
    }

    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    /// Moves the average by a step that the measured quantity is known to have made.
    pub fn shift(&mut self, by: f64) {
        if let Some(value) = &mut self.value {
            *value += by;
        }
    }
}
