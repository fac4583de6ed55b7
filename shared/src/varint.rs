//! Variable-length integers of entity records: LEB128, seven bits to the byte, signed values zigzagged.

/// The bytes ended inside a value, or a value does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes end inside a value, or a value does not fit its type")]
pub struct Malformed;

/// Appends an unsigned value: one byte below 128, five at most.
#[inline]
pub fn put(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed value: one byte from −64 to 63.
pub fn put_signed(out: &mut Vec<u8>, value: i32) {
    put(out, ((value << 1) ^ (value >> 31)) as u32);
}

/// Takes an unsigned value off the front.
///
/// # Errors
/// [`Malformed`] if the bytes end inside the value or it exceeds 32 bits.
pub fn take(bytes: &mut &[u8]) -> Result<u32, Malformed> {
    let mut value = 0u32;
    for shift in [0, 7, 14, 21, 28] {
        let byte = take_byte(bytes)?;
        let bits = u32::from(byte & 0x7f);
        if shift == 28 && bits > 0x0f {
            return Err(Malformed);
        }
        value |= bits << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Malformed)
}

/// Takes a signed value off the front.
///
/// # Errors
/// As [`take`].
pub fn take_signed(bytes: &mut &[u8]) -> Result<i32, Malformed> {
    let zigzag = take(bytes)?;
    Ok((zigzag >> 1) as i32 ^ -((zigzag & 1) as i32))
}

/// Takes one byte off the front.
///
/// # Errors
/// [`Malformed`] if there is none.
pub fn take_byte(bytes: &mut &[u8]) -> Result<u8, Malformed> {
    let (first, rest) = bytes.split_first().ok_or(Malformed)?;
    *bytes = rest;
    Ok(*first)
}

/// Takes a run of bytes off the front.
///
/// # Errors
/// [`Malformed`] if there are fewer.
pub fn take_slice<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (slice, rest) = bytes.split_at_checked(length).ok_or(Malformed)?;
    *bytes = rest;
    Ok(slice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(unsigned: u32, signed: i32) {
            let mut out = Vec::new();
            put(&mut out, unsigned);
            put_signed(&mut out, signed);
            let mut bytes = out.as_slice();
            prop_assert_eq!(take(&mut bytes), Ok(unsigned));
            prop_assert_eq!(take_signed(&mut bytes), Ok(signed));
            prop_assert!(bytes.is_empty());
        }
    }

    #[test]
    fn too_long_and_too_short_are_malformed() {
        assert_eq!(take(&mut [0xff, 0xff, 0xff, 0xff, 0x1f].as_slice()), Err(Malformed));
        assert_eq!(take(&mut [0x80, 0x80, 0x80, 0x80, 0x80, 0x00].as_slice()), Err(Malformed));
        assert_eq!(take(&mut [0x80].as_slice()), Err(Malformed));
    }
}
