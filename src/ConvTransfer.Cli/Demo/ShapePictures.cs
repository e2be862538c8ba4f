using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;

namespace ConvTransfer.Cli.Demo;

/// <summary>Draws the pictures of the demonstration: one shape each, in any colour, size, place and rotation, on a background with a gradient, stripes and noise.</summary>
/// <remarks>A picture is a function of the seed and its number alone.</remarks>
internal static class ShapePictures
{
    /// <summary>The side of a picture in pixels.</summary>
    public const int Side = 96;

    // Samples of a pixel along each axis: edges are smooth.
    private const int Samples = 4;

    /// <summary>The classes, in ordinal order.</summary>
    public static IReadOnlyList<string> Classes { get; } = ["circle", "square", "star", "triangle"];

    // Corners around the origin, within the unit circle; the circle itself has none.
    private static readonly (double X, double Y)[][] Corners = [[], Polygon(4, 1), Polygon(10, 0.42), Polygon(3, 1)];

    /// <summary>Draws a picture.</summary>
    /// <param name="seed">The seed of the set.</param>
    /// <param name="number">The picture's number in the set.</param>
    /// <param name="shape">The index of its class.</param>
    /// <returns>uint8 [<see cref="Side"/>, <see cref="Side"/>, 3]; the caller disposes it.</returns>
    public static Tensor Draw(long seed, int number, int shape)
    {
        var random = new CounterRandom(seed, sample: number, purpose: 21);
        var background = Background.Random(ref random);
        var colour = ContrastingColour(ref random, background);
        double radius = Side * Between(ref random, 0.24, 0.40);
        double margin = radius * 0.9;
        double x = Between(ref random, margin, Side - margin), y = Between(ref random, margin, Side - margin), angle = Between(ref random, 0, 2 * Math.PI);
        double cos = Math.Cos(angle) / radius, sin = Math.Sin(angle) / radius;
        var picture = Tensor.Uninitialized(ElementType.UInt8, new Shape(Side, Side, 3));
        var pixels = picture.AsSpan<byte>();
        for (int row = 0; row < Side; row++)
        {
            for (int column = 0; column < Side; column++)
            {
                int inside = 0;
                for (int s = 0; s < Samples * Samples; s++)
                {
                    double dx = column + (((s % Samples) + 0.5) / Samples) - x, dy = row + (((s / Samples) + 0.5) / Samples) - y;
                    if (IsInside(Corners[shape], (dx * cos) + (dy * sin), (dy * cos) - (dx * sin))) inside++;
                }
                double cover = inside / (double)(Samples * Samples);
                var behind = background.At(row, column);
                double noise = background.Noise * random.NextNormal();
                for (int c = 0; c < 3; c++)
                    pixels[(((row * Side) + column) * 3) + c] = (byte)Math.Clamp(Math.Round((cover * colour[c]) + ((1 - cover) * behind[c]) + noise), 0, 255);
            }
        }
        return picture;
    }

    private static double Between(ref CounterRandom random, double low, double high) => low + ((high - low) * random.NextDouble());

    // Points on the unit circle; every second one nearer to the middle for a star.
    private static (double X, double Y)[] Polygon(int count, double inner)
    {
        var corners = new (double, double)[count];
        for (int i = 0; i < count; i++)
        {
            double length = i % 2 == 0 ? 1 : inner, angle = 2 * Math.PI * i / count;
            corners[i] = (length * Math.Cos(angle), length * Math.Sin(angle));
        }
        return corners;
    }

    // A polygon by the even-odd rule.
    private static bool IsInside((double X, double Y)[] corners, double x, double y)
    {
        if ((x * x) + (y * y) > 1) return false;
        if (corners.Length == 0) return true;
        bool inside = false;
        for (int i = 0, j = corners.Length - 1; i < corners.Length; j = i++)
        {
            var (a, b) = (corners[i], corners[j]);
            if ((a.Y > y) != (b.Y > y) && x < a.X + ((b.X - a.X) * (y - a.Y) / (b.Y - a.Y))) inside = !inside;
        }
        return inside;
    }

    private static double[] RandomColour(ref CounterRandom random) => [255 * random.NextDouble(), 255 * random.NextDouble(), 255 * random.NextDouble()];

    // Brighter or darker than all of the background, as seen by a person.
    private static double[] ContrastingColour(ref CounterRandom random, Background background)
    {
        while (true)
        {
            double[] colour = RandomColour(ref random);
            double difference = Luma(colour) - Luma(background.Middle);
            if (Math.Abs(difference) > 80) return colour;
        }
    }

    private static double Luma(double[] colour) => (0.299 * colour[0]) + (0.587 * colour[1]) + (0.114 * colour[2]);

    /// <summary>A gradient between two similar colours, with faint stripes.</summary>
    private sealed record Background(double[] Middle, double[] Slope, double Angle, double StripeHeight, double StripeLength, double StripeAngle, double Noise)
    {
        public static Background Random(ref CounterRandom random) => new(
            RandomColour(ref random),
            [Between(ref random, -40, 40), Between(ref random, -40, 40), Between(ref random, -40, 40)],
            Between(ref random, 0, 2 * Math.PI),
            Between(ref random, 0, 8),
            Between(ref random, 8, 30),
            Between(ref random, 0, 2 * Math.PI),
            Between(ref random, 1, 6));

        public double[] At(int row, int column)
        {
            double x = column - (Side / 2.0), y = row - (Side / 2.0);
            double along = ((x * Math.Cos(Angle)) + (y * Math.Sin(Angle))) / Side;
            double stripe = StripeHeight * Math.Sin(2 * Math.PI * ((x * Math.Cos(StripeAngle)) + (y * Math.Sin(StripeAngle))) / StripeLength);
            return [Middle[0] + (Slope[0] * along) + stripe, Middle[1] + (Slope[1] * along) + stripe, Middle[2] + (Slope[2] * along) + stripe];
        }
    }
}
