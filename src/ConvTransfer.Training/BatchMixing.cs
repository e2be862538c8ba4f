using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>Mixes each sample of a batch with another one, values and targets alike: all of it by a share (Mixup), or a box of it (CutMix).</summary>
/// <remarks>One share, one box and one order of partners for a batch. Sources: Zhang et al., Mixup, 2018; Yun et al., CutMix, 2019.</remarks>
internal sealed class BatchMixing(FineTuneOptions options)
{
    private float[] _copy = [];

    /// <summary>Looks at what is to be mixed.</summary>
    /// <exception cref="ConvTransferException">CutMix is wanted, and there is nothing that a box could be cut from.</exception>
    public static void Check(FineTuneOptions options, NetworkSplit split)
    {
        if (options.CutMixAlpha == 0) return;
        for (int i = 0; i < split.Frontier.Length; i++)
        {
            var type = split.FrontierTypes[i];
            string? fault = type.Rank is < 3 or > 5 ? "which has no spatial axes"
                : Box.Lengths(type.ToShape()).All(l => l == 1) ? "whose spatial axes are of length 1"
                : !Box.Lengths(type.ToShape()).SequenceEqual(Box.Lengths(split.FrontierTypes[0].ToShape())) ? $"and '{DisplayText.Escape(split.Frontier[0])}' is {split.FrontierTypes[0]}, of other lengths"
                : null;
            if (fault is not null) throw new ConvTransferException(FailureCause.Unsupported, $"CutMix cuts boxes from the values between what is frozen and what is trained, but '{DisplayText.Escape(split.Frontier[i])}' is {type}, {fault}: freeze less, or set {nameof(FineTuneOptions.CutMixAlpha)} to 0");
        }
    }

    /// <summary>Mixes a batch; does nothing where the options ask for nothing.</summary>
    /// <param name="random">Draws which way, the share or the box, and the partners.</param>
    /// <param name="values">The values of the frontier; axis 0 is the batch.</param>
    /// <param name="target">The targets [batch, classes].</param>
    public void Mix(CounterRandom random, ReadOnlySpan<Tensor> values, Tensor target)
    {
        bool mixup = options.MixupAlpha > 0, cutMix = options.CutMixAlpha > 0;
        if (!mixup && !cutMix) return;
        if (mixup && cutMix) cutMix = random.Next(2) == 1;
        int[] partners = [.. Enumerable.Range(0, (int)target.Shape[0])];
        random.Shuffle<int>(partners);
        double share = Beta(ref random, cutMix ? options.CutMixAlpha : options.MixupAlpha);
        if (cutMix)
        {
            var box = Box.Draw(ref random, Box.Lengths(values[0].Shape), share);
            foreach (var value in values) box.Paste(value.AsSpan<float>(), Copied(value.AsSpan<float>()), partners);
            // What is left of a sample is known only now: the box has whole elements, and may hang over an edge.
            share = 1 - box.Share;
        }
        else
        {
            foreach (var value in values) Blend(value, partners, (float)share);
        }
        Blend(target, partners, (float)share);
    }

    // In the same memory for every batch: one of pictures has millions of numbers.
    private ReadOnlySpan<float> Copied(ReadOnlySpan<float> values)
    {
        if (_copy.Length < values.Length) _copy = new float[values.Length];
        values.CopyTo(_copy);
        return _copy.AsSpan(0, values.Length);
    }

    // x = share · x + (1 − share) · partner
    private void Blend(Tensor tensor, int[] partners, float share)
    {
        var values = tensor.AsSpan<float>();
        var before = Copied(values);
        int length = values.Length / partners.Length;
        for (int i = 0; i < partners.Length; i++)
            for (int j = 0; j < length; j++) values[(i * length) + j] = (share * before[(i * length) + j]) + ((1 - share) * before[(partners[i] * length) + j]);
    }

    // A number from Beta(alpha, alpha).
    private static double Beta(ref CounterRandom random, double alpha)
    {
        double first = Gamma(ref random, alpha), second = Gamma(ref random, alpha);
        return first + second > 0 ? first / (first + second) : 0.5;
    }

    // Marsaglia and Tsang, A Simple Method for Generating Gamma Variables, 2000; below shape 1 through Gamma(shape + 1) · U^(1/shape).
    private static double Gamma(ref CounterRandom random, double shape)
    {
        if (shape < 1) return Gamma(ref random, shape + 1) * Math.Pow(1 - random.NextDouble(), 1 / shape);
        double d = shape - (1.0 / 3), c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = random.NextNormal(), v = Math.Pow(1 + (c * x), 3);
            if (v > 0 && Math.Log(1 - random.NextDouble()) < (0.5 * x * x) + d - (d * v) + (d * Math.Log(v))) return d * v;
        }
    }

    /// <summary>A box of whole elements: from and to along each spatial axis.</summary>
    internal sealed record Box(int[] From, int[] To, int[] Axes)
    {
        /// <summary>The part of all elements that lies in the box.</summary>
        public double Share => From.Zip(To, (from, to) => to - from).Zip(Axes, (inside, all) => (double)inside / all).Aggregate(1.0, (a, b) => a * b);

        /// <summary>The lengths of the spatial axes: all behind the batch and the channels.</summary>
        public static int[] Lengths(Shape shape) => [.. Enumerable.Range(2, shape.Rank - 2).Select(axis => checked((int)shape[axis]))];

        /// <summary>Draws a box that leaves about a share of all elements outside; its centre lies anywhere, and what hangs over an edge is cut off.</summary>
        public static Box Draw(ref CounterRandom random, int[] axes, double share)
        {
            double side = Math.Pow(1 - share, 1.0 / axes.Length);
            int[] from = new int[axes.Length], to = new int[axes.Length];
            for (int a = 0; a < axes.Length; a++)
            {
                int length = (int)Math.Round(axes[a] * side), start = random.Next(axes[a]) - (length / 2);
                (from[a], to[a]) = (Math.Max(0, start), Math.Min(axes[a], start + length));
            }
            return new Box(from, to, axes);
        }

        /// <summary>Puts the box of each sample's partner into the sample.</summary>
        /// <param name="values">The samples; changed.</param>
        /// <param name="before">A copy of them.</param>
        /// <param name="partners">The partner of each sample.</param>
        public void Paste(Span<float> values, ReadOnlySpan<float> before, int[] partners)
        {
            int sample = values.Length / partners.Length, positions = Axes.Aggregate(1, (a, b) => a * b);
            for (int position = 0; position < positions; position++)
            {
                if (!Contains(position)) continue;
                for (int i = 0; i < partners.Length; i++)
                    for (int at = position; at < sample; at += positions) values[(i * sample) + at] = before[(partners[i] * sample) + at];
            }
        }

        private bool Contains(int position)
        {
            for (int a = Axes.Length - 1; a >= 0; a--)
            {
                int at = position % Axes[a];
                if (at < From[a] || at >= To[a]) return false;
                position /= Axes[a];
            }
            return true;
        }
    }
}
