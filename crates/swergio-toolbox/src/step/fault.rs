//! StepFault: why a gradient was not learned from.

/// Tells why a gradient was not learned from, or a learner's state not restored. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StepFault {
    /// The gradient has not the size of its weight.
    #[error(
        "the weight {weight:?} has {needs} numbers, the gradient by it {came}: return it in the weight's shape"
    )]
    Size {
        /// The weight's name.
        weight: String,
        /// Numbers of the weight.
        needs: usize,
        /// Numbers of the gradient.
        came: usize,
    },
    /// The weight has another size than when it was last learned.
    #[error(
        "the weight {weight:?} has {is} numbers, and had {was} when it last learned: give each weight a name of its own, and \
         load only checkpoints of the same network"
    )]
    Changed {
        /// The weight's name.
        weight: String,
        /// Numbers that it had.
        was: usize,
        /// Numbers that it has.
        is: usize,
    },
    /// The gradient is infinite or not a number.
    #[error(
        "the gradient by the weight {weight:?} is not finite at place {place}: lower the rate, or limit gradients with a Clip \
         further up the chain"
    )]
    NotFinite {
        /// The weight's name.
        weight: String,
        /// The first such place, in C order.
        place: usize,
    },
    /// What is to be restored was learned of a weight of another size.
    #[error(
        "{slot:?} of the weight {weight:?} needs {needs} numbers, and {came} came: load the state of the same network, or load the \
         weights alone"
    )]
    Moments {
        /// The weight's name.
        weight: String,
        /// What is remembered of it.
        slot: String,
        /// Numbers of the weight.
        needs: usize,
        /// Numbers that came.
        came: usize,
    },
    /// What is to be restored was not saved by such a learner.
    #[error("{0}: load it into a learner with the rule that it was saved from, or load the weights alone")]
    State(String),
}
