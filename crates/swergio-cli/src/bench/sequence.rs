//! Sequence: which of one sender's messages came, which did not, and which came out of their order.

/// Checks the numbers of the messages that one member hears from one sender.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sequence {
    /// The number that comes next, if all is well.
    next: u64,
    /// Numbers that were jumped over and have not come since.
    missing: u64,
    /// Messages that came after one with a higher number.
    late: u64,
    /// Messages that came although none was missing.
    twice: u64,
}

impl Sequence {
    /// Takes note of a message. Returns whether it is heard for the first time.
    pub(super) fn hear(&mut self, number: u64) -> bool {
        if number >= self.next {
            self.missing += number - self.next;
            self.next = number + 1;
        } else if self.missing > 0 {
            self.missing -= 1;
            self.late += 1;
        } else {
            self.twice += 1;
            return false;
        }
        true
    }

    /// Counts the messages that came after a later one, or twice.
    pub(super) fn out_of_order(&self) -> u64 {
        self.late + self.twice
    }

    /// Counts up to which number messages may have come: one more than the highest.
    pub(super) fn reached(&self) -> u64 {
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hears some numbers, and returns how many were heard for the first time and how many out of order.
    fn hears(numbers: &[u64]) -> (usize, u64) {
        let mut sequence = Sequence::default();
        let new = numbers.iter().filter(|&&number| sequence.hear(number)).count();
        (new, sequence.out_of_order())
    }

    #[test]
    fn what_comes_in_order_is_fine() {
        assert_eq!(hears(&[]), (0, 0));
        assert_eq!(hears(&[0, 1, 2, 3]), (4, 0));
    }

    #[test]
    fn a_gap_is_a_loss() {
        assert_eq!(hears(&[0, 1, 5, 6]), (4, 0));
        assert_eq!(hears(&[3]), (1, 0));
    }

    #[test]
    fn what_fills_a_gap_later_is_not_lost_but_out_of_order() {
        assert_eq!(hears(&[0, 2, 1, 3]), (4, 1));
        assert_eq!(hears(&[2, 1, 0]), (3, 2));
    }

    #[test]
    fn what_comes_twice_is_counted_once() {
        assert_eq!(hears(&[0, 1, 1, 2, 0]), (3, 2));
    }
}
