//! Mishap: why a shot has no distance.

/// Names what became of a shot that did not come down anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Mishap {
    /// Wind, angle or weight is no number, or lies outside of what is computed.
    #[error("{0}")]
    Invalid(&'static str),
    /// The sling, which can only pull, would have to push.
    #[error("the sling goes slack before it lets go: try a heavier counterweight, or a larger angle")]
    SlackSling,
    /// The projectile comes down in the sling.
    #[error(
        "the projectile strikes the ground before the sling lets go: try a heavier counterweight, or a larger angle"
    )]
    StrikesGround,
    /// The projectile never leaves the ground.
    #[error("the counterweight does not lift the projectile off the ground: try a heavier one")]
    NoLiftOff,
    /// The projectile never flies in the direction in which the sling lets go.
    #[error("the projectile never flies at the angle at which the sling lets go: try a larger one")]
    AngleNotReached,
    /// The projectile does not come down.
    #[error("the projectile does not come down in the time that is computed")]
    NeverLands,
    /// The equations want smaller steps than are taken, as numbers beyond all measure make them.
    #[error("the motion cannot be computed: its equations want smaller steps than are taken")]
    Unsolvable,
}

impl Mishap {
    /// Returns the word by which programs tell it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::SlackSling => "slack_sling",
            Self::StrikesGround => "strikes_ground",
            Self::NoLiftOff => "no_lift_off",
            Self::AngleNotReached => "angle_not_reached",
            Self::NeverLands => "never_lands",
            Self::Unsolvable => "unsolvable",
        }
    }
}
