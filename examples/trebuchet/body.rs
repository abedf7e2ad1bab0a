//! Machine: the bodies of the trebuchet, and how they accelerate.

use super::dual::Dual;

/// Metres in a foot.
const FOOT: f64 = 0.3048;
/// Kilograms in a pound.
const POUND: f64 = 0.453_592_37;
/// Gravity, m/s².
pub(super) const GRAVITY: f64 = 9.806_65;
/// Density of the air, kg/m³.
const AIR: f64 = 1.0;
/// Drag coefficient of the projectile.
const DRAG: f64 = 1.0;

/// Height of the pivot above the ground, m.
pub(super) const PIVOT: f64 = 5.0 * FOOT;
/// Long end of the arm, from the pivot to the sling, m.
const LONG: f64 = 6.792 * FOOT;
/// Short end of the arm, from the pivot to the hanger, m.
const SHORT: f64 = 1.75 * FOOT;
/// Hanger, from the arm to the counterweight's centre, m.
const HANGER: f64 = 2.0 * FOOT;
/// Sling, m.
const SLING: f64 = 6.833 * FOOT;
/// Radius of the projectile, m.
const RADIUS: f64 = 0.1245 * FOOT;
/// Mass of the projectile, kg.
const PROJECTILE: f64 = 0.328 * POUND;
/// Mass of the arm, kg.
const ARM: f64 = 10.65 * POUND;
/// Inertia of the arm about its centre, a uniform rod, kg m².
const ARM_INERTIA: f64 = ARM * (LONG + SHORT) * (LONG + SHORT) / 12.0;
/// Inertia of the counterweight, kg m².
const WEIGHT_INERTIA: f64 = POUND * FOOT * FOOT;
/// From the pivot to the arm's centre, m.
const CENTRE: f64 = (LONG - SHORT) / 2.0;

/// Drag over mass, 1/m: the deceleration is this times the square of the speed through the air.
pub(super) const DRAG_PER_MASS: f64 =
    AIR * DRAG * std::f64::consts::PI * RADIUS * RADIUS / (2.0 * PROJECTILE);

/// Angles of arm, hanger and sling in rad, then their rates in rad/s. An angle θ points along (−sin θ, cos θ).
pub(super) type Pose<const K: usize> = [Dual<K>; 6];

/// Holds what of the equations of motion does not change in a shot; `K` derivatives of it are known.
///
/// Each centre of mass is a sum of lengths times unit vectors, x = Σ aᵢ u(θᵢ), so the kinetic energy is
/// ½ Σ kᵢⱼ cos(θᵢ − θⱼ) θ̇ᵢ θ̇ⱼ with constants kᵢⱼ = Σ m aᵢ aⱼ (and the inertias on the diagonal), the potential
/// g Σ bᵢ cos θᵢ with bᵢ = Σ m aᵢ. Lagrange's equations are then, for each i,
///
/// Σⱼ kᵢⱼ cos(θᵢ − θⱼ) θ̈ⱼ = g bᵢ sin θᵢ − Σⱼ kᵢⱼ sin(θᵢ − θⱼ) θ̇ⱼ² + what the ground adds.
///
/// Hanger and sling do not meet in any body: their k is zero, and three equations are solved by two divisions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine<const K: usize> {
    arm_arm: Dual<K>,
    arm_hanger: Dual<K>,
    hanger_hanger: Dual<K>,
    arm_sling: Dual<K>,
    sling_sling: Dual<K>,
    /// The moments bᵢ of arm, hanger and sling, kg m.
    moments: [Dual<K>; 3],
}

/// Tells the forces of an instant, and what they do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forces<const K: usize> {
    /// Angular accelerations of arm, hanger and sling, rad/s².
    pub(super) turns: [Dual<K>; 3],
    /// What the ground pushes up, N.
    pub(super) ground: Dual<K>,
}

impl<const K: usize> Machine<K> {
    /// Builds the machine with a counterweight of `pounds`.
    pub(super) fn new(pounds: Dual<K>) -> Self {
        let weight = pounds * POUND;
        let constant = |value| Dual::of(value);
        Self {
            arm_arm: weight * (SHORT * SHORT)
                + (ARM * CENTRE * CENTRE + ARM_INERTIA + PROJECTILE * LONG * LONG),
            arm_hanger: weight * (SHORT * HANGER),
            hanger_hanger: weight * (HANGER * HANGER) + WEIGHT_INERTIA,
            arm_sling: constant(PROJECTILE * LONG * SLING),
            sling_sling: constant(PROJECTILE * SLING * SLING),
            moments: [
                weight * -SHORT + (ARM * CENTRE + PROJECTILE * LONG),
                weight * -HANGER,
                constant(PROJECTILE * SLING),
            ],
        }
    }

    /// Keeps the derivatives by the first `M` variables.
    pub(super) fn keep<const M: usize>(&self) -> Machine<M> {
        Machine {
            arm_arm: self.arm_arm.keep(),
            arm_hanger: self.arm_hanger.keep(),
            hanger_hanger: self.hanger_hanger.keep(),
            arm_sling: self.arm_sling.keep(),
            sling_sling: self.sling_sling.keep(),
            moments: self.moments.map(Dual::keep),
        }
    }

    /// Computes what happens when the sling swings freely.
    pub(super) fn swinging(&self, pose: &Pose<K>) -> Forces<K> {
        let balance = Balance::of(self, pose);
        Forces { turns: balance.solve(balance.torques), ground: Dual::of(0.0) }
    }

    /// Computes what happens when the projectile is held on the ground, which may have to pull for it.
    ///
    /// The height of the projectile, L cos α + e cos ψ, does not change. Its derivatives by the angles are the lever of
    /// the ground's force, and its second derivative by time, which is to be zero, gives the force.
    pub(super) fn sliding(&self, pose: &Pose<K>) -> Forces<K> {
        let balance = Balance::of(self, pose);
        let [_, _, _, arm_rate, _, sling_rate] = *pose;
        let lever = [balance.arm.0 * -LONG, Dual::of(0.0), balance.sling.0 * -SLING];
        let free = balance.solve(balance.torques);
        let yielding = balance.solve(lever);
        let bend = balance.arm.1 * arm_rate.squared() * LONG + balance.sling.1 * sling_rate.squared() * SLING;
        let lift = |turns: [Dual<K>; 3]| lever[0] * turns[0] + lever[2] * turns[2];
        let ground = (bend - lift(free)) / lift(yielding);
        let turns = std::array::from_fn(|i| free[i] + yielding[i] * ground);
        Forces { turns, ground }
    }
}

/// The equations of one instant: a mass matrix in which hanger and sling do not meet, and torques.
struct Balance<const K: usize> {
    /// Sine and cosine of the arm's angle.
    arm: (Dual<K>, Dual<K>),
    /// Sine and cosine of the sling's angle.
    sling: (Dual<K>, Dual<K>),
    /// The mass matrix beside its diagonal: arm and hanger, arm and sling.
    beside: [Dual<K>; 2],
    /// 1 over its diagonal: hanger, sling, and what is left of the arm's when these are eliminated.
    inverse: [Dual<K>; 3],
    torques: [Dual<K>; 3],
}

impl<const K: usize> Balance<K> {
    fn of(machine: &Machine<K>, pose: &Pose<K>) -> Self {
        let [arm, hanger, sling] = [pose[0], pose[1], pose[2]].map(Dual::sin_cos);
        let [arm_rate, hanger_rate, sling_rate] = [pose[3], pose[4], pose[5]].map(Dual::squared);
        let (hanger_sin, hanger_cos) = difference(arm, hanger);
        let (sling_sin, sling_cos) = difference(arm, sling);
        let (hanger_pull, sling_pull) = (machine.arm_hanger * hanger_sin, machine.arm_sling * sling_sin);
        let beside = [machine.arm_hanger * hanger_cos, machine.arm_sling * sling_cos];
        let [by_hanger, by_sling] =
            [machine.hanger_hanger, machine.sling_sling].map(|own| Dual::of(1.0) / own);
        let rest = machine.arm_arm - beside[0].squared() * by_hanger - beside[1].squared() * by_sling;
        let [arm_moment, hanger_moment, sling_moment] = machine.moments.map(|moment| moment * GRAVITY);
        Self {
            arm,
            sling,
            beside,
            inverse: [by_hanger, by_sling, Dual::of(1.0) / rest],
            torques: [
                arm_moment * arm.0 - hanger_pull * hanger_rate - sling_pull * sling_rate,
                hanger_moment * hanger.0 + hanger_pull * arm_rate,
                sling_moment * sling.0 + sling_pull * arm_rate,
            ],
        }
    }

    /// Solves for the angular accelerations by elimination.
    fn solve(&self, [arm, hanger, sling]: [Dual<K>; 3]) -> [Dual<K>; 3] {
        let [by_hanger, by_sling, by_arm] = self.inverse;
        let (hanger, sling) = (hanger * by_hanger, sling * by_sling);
        let turn = (arm - self.beside[0] * hanger - self.beside[1] * sling) * by_arm;
        [turn, hanger - self.beside[0] * turn * by_hanger, sling - self.beside[1] * turn * by_sling]
    }
}

/// Returns sine and cosine of the difference of two angles, from theirs.
fn difference<const K: usize>(one: (Dual<K>, Dual<K>), two: (Dual<K>, Dual<K>)) -> (Dual<K>, Dual<K>) {
    (one.0 * two.1 - one.1 * two.0, one.1 * two.1 + one.0 * two.0)
}

/// Returns the pose from which every shot starts: at rest, the long end and the sling on the ground.
pub(super) fn start<const K: usize>() -> Pose<K> {
    use std::f64::consts::{FRAC_PI_2, PI};
    let slope = (PIVOT / LONG).asin();
    [FRAC_PI_2 + slope, 0.0, PI + FRAC_PI_2, 0.0, 0.0, 0.0].map(Dual::of)
}

/// Returns where the projectile is, m, and how fast, m/s: x, y, ẋ, ẏ, from the pivot.
pub(super) fn projectile<const K: usize>(pose: &Pose<K>) -> [Dual<K>; 4] {
    let [arm, _, sling, arm_rate, _, sling_rate] = *pose;
    let ((arm_sin, arm_cos), (sling_sin, sling_cos)) = (arm.sin_cos(), sling.sin_cos());
    let (arm_speed, sling_speed) = (arm_rate * -LONG, sling_rate * -SLING);
    [
        arm_sin * -LONG + sling_sin * -SLING,
        arm_cos * LONG + sling_cos * SLING,
        arm_cos * arm_speed + sling_cos * sling_speed,
        arm_sin * arm_speed + sling_sin * sling_speed,
    ]
}

/// Returns the tension of the sling, N: negative where a rope would hang slack and a rod pushes.
pub(super) fn tension<const K: usize>(pose: &Pose<K>, forces: &Forces<K>) -> f64 {
    let [arm, _, sling, arm_rate, _, sling_rate] = pose.map(|dual| dual.re);
    let (sin, cos) = (sling - arm).sin_cos();
    let outward =
        SLING * sling_rate * sling_rate + LONG * (arm_rate * arm_rate * cos - forces.turns[0].re * sin);
    PROJECTILE * (outward - GRAVITY * sling.cos()) + forces.ground.re * sling.cos()
}

/// Tells whether the sling hangs slack because the projectile is too slow to swing round: gravity outweighs what the
/// swing alone would pull with.
///
/// A counterweight of more than 290 lb or so unloads the sling too, for some milliseconds of a fast swing, when it jerks the arm.
/// There the equations go on with a sling that pushes, as with a rod.
pub(super) fn sags<const K: usize>(pose: &Pose<K>, forces: &Forces<K>) -> bool {
    SLING * pose[5].re * pose[5].re < GRAVITY && tension(pose, forces) < 0.0
}
