package gost

import "math/big"

// point is a point of a curve in affine coordinates; nil is the one at infinity.
type point struct{ x, y *big.Int }

// on tells whether a point with coordinates below P lies on the curve.
func (c *Curve) on(x, y *big.Int) bool {
	if x.Cmp(c.P) >= 0 || y.Cmp(c.P) >= 0 {
		return false
	}
	right := new(big.Int).Mul(x, x)
	right.Add(right, c.A).Mul(right, x).Add(right, c.B).Mod(right, c.P)
	left := new(big.Int).Mul(y, y)
	return left.Mod(left, c.P).Cmp(right) == 0
}

// sum is the abscissa of k·p + m·q, nil if that is the point at infinity. Both
// scalars are walked through together.
func (c *Curve) sum(k *big.Int, p *point, m *big.Int, q *point) *big.Int {
	both := c.add(p, q)
	var at *point
	for i := max(k.BitLen(), m.BitLen()) - 1; i >= 0; i-- {
		at = c.add(at, at)
		switch k.Bit(i) | m.Bit(i)<<1 {
		case 1:
			at = c.add(at, p)
		case 2:
			at = c.add(at, q)
		case 3:
			at = c.add(at, both)
		}
	}
	if at == nil {
		return nil
	}
	return at.x
}

func (c *Curve) add(p, q *point) *point {
	if p == nil {
		return q
	}
	if q == nil {
		return p
	}
	slope := c.slope(p, q)
	if slope == nil {
		return nil
	}
	x := new(big.Int).Mul(slope, slope)
	x.Sub(x, p.x).Sub(x, q.x).Mod(x, c.P)
	y := new(big.Int).Sub(p.x, x)
	y.Mul(y, slope).Sub(y, p.y).Mod(y, c.P)
	return &point{x, y}
}

// slope of the line through two points, of the tangent if they are one; nil if
// it is upright.
func (c *Curve) slope(p, q *point) *big.Int {
	over, under := new(big.Int), new(big.Int)
	if p.x.Cmp(q.x) == 0 {
		if p.y.Cmp(q.y) != 0 || p.y.Sign() == 0 {
			return nil
		}
		over.Mul(p.x, p.x).Mul(over, big.NewInt(3)).Add(over, c.A)
		under.Lsh(p.y, 1)
	} else {
		over.Sub(q.y, p.y)
		under.Sub(q.x, p.x)
	}
	if under.ModInverse(under.Mod(under, c.P), c.P) == nil {
		return nil
	}
	return over.Mul(over, under).Mod(over, c.P)
}
