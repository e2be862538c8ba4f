using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Normalization;

/// <summary>The addresses of a backward run of a batch normalization; arrays of one number per channel except DY, X and DX [N, C, positions].</summary>
internal unsafe struct BatchNormalizationGradients<T> where T : unmanaged
{
    public T* DY, X, Scale, Mean, Variance;

    /// <summary>Null where nobody asks for it.</summary>
    public T* DX;

    /// <summary>Null where nobody asks for them.</summary>
    public T* DScale, DShift;

    /// <summary>True when mean and variance do not depend on X.</summary>
    public bool Frozen;
}

/// <summary>Batch normalization with the statistics of the batch, forward and backward, one channel of [N, C, positions] at a time. Immutable.</summary>
/// <remarks>A channel's sums run over its images in order, each image's row as <see cref="RowSum"/> has it: the bits do not depend on the threads.</remarks>
internal abstract unsafe class BatchNormalizationWork<T>(nint images, nint channels, nint positions, double epsilon) : CrewWork where T : unmanaged
{
    // Images without elements take no bytes of a file, however many they are: nothing is done for each.
    private readonly nint _images = positions == 0 ? 0 : images;

    private struct State
    {
        public bool IsForward;
        public T* X, Scale, Shift, Y, Mean, Variance;
        public BatchNormalizationGradients<T> Backward;
    }

    /// <summary>Computes the normalized values and the statistics.</summary>
    /// <param name="x">[N, C, positions].</param>
    /// <param name="scale">[C].</param>
    /// <param name="shift">[C].</param>
    /// <param name="y">[N, C, positions].</param>
    /// <param name="mean">[C], written.</param>
    /// <param name="variance">[C], written: the mean square of what is off the mean.</param>
    /// <param name="crew">The threads.</param>
    public void Forward(T* x, T* scale, T* shift, T* y, T* mean, T* variance, Crew crew)
    {
        var state = new State { IsForward = true, X = x, Scale = scale, Shift = shift, Y = y, Mean = mean, Variance = variance };
        crew.For(this, &state, checked((int)channels));
    }

    /// <summary>Computes the gradients.</summary>
    public void Backward(in BatchNormalizationGradients<T> gradients, Crew crew)
    {
        var state = new State { Backward = gradients };
        crew.For(this, &state, checked((int)channels));
    }

    internal sealed override void RunUnit(void* state, int unit, int worker)
    {
        ref var s = ref *(State*)state;
        if (s.IsForward) ForwardChannel(s, unit);
        else BackwardChannel(s.Backward, unit);
    }

    /// <summary>Σ x.</summary>
    protected abstract double RowSum(T* x, nint count);

    /// <summary>Σ (x − mean)².</summary>
    protected abstract double RowSquares(T* x, double mean, nint count);

    /// <summary>Σ (x − mean).</summary>
    protected abstract double RowDeviations(T* x, double mean, nint count);

    /// <summary>Σ dy · (x − mean).</summary>
    protected abstract double RowProducts(T* dy, T* x, double mean, nint count);

    /// <summary>y = (x − mean) · factor + shift.</summary>
    protected abstract void Normalize(T* x, double mean, double factor, double shift, T* y, nint count);

    /// <summary>dx = a · dy + b · (x − mean) + c.</summary>
    protected abstract void Differentiate(T* dy, T* x, double mean, double a, double b, double c, T* dx, nint count);

    protected abstract double Read(T* at);

    protected abstract void Write(double value, T* at);

    private nint Row(nint image, nint channel) => ((image * channels) + channel) * positions;

    private void ForwardChannel(in State s, nint channel)
    {
        double sum = 0, squares = 0, elements = (double)_images * positions;
        for (nint n = 0; n < _images; n++) sum += RowSum(s.X + Row(n, channel), positions);
        Write(sum / elements, s.Mean + channel);
        // From here on the mean is the rounded one, so that the backward run, which reads it, sees the same numbers.
        double mean = Read(s.Mean + channel);
        for (nint n = 0; n < _images; n++) squares += RowSquares(s.X + Row(n, channel), mean, positions);
        double variance = squares / elements;
        if (RowNormalization.IsFar(mean, variance)) (mean, variance) = Corrected(s, channel, mean, variance);
        Write(variance, s.Variance + channel);
        double factor = Read(s.Scale + channel) / Math.Sqrt(Read(s.Variance + channel) + epsilon), shift = Read(s.Shift + channel);
        for (nint n = 0; n < _images; n++) Normalize(s.X + Row(n, channel), mean, factor, shift, s.Y + Row(n, channel), positions);
    }

    // The mean with what it was off, rounded again, and the variance around that one.
    private (double Mean, double Variance) Corrected(in State s, nint channel, double mean, double variance)
    {
        double sum = 0;
        for (nint n = 0; n < _images; n++) sum += RowDeviations(s.X + Row(n, channel), mean, positions);
        double off = sum / ((double)_images * positions);
        Write(mean + off, s.Mean + channel);
        double rounded = Read(s.Mean + channel), rest = mean + off - rounded;
        return (rounded, Math.Max(0, variance - (off * off)) + (rest * rest));
    }

    private void BackwardChannel(in BatchNormalizationGradients<T> g, nint channel)
    {
        double sum = 0, products = 0, elements = (double)_images * positions, mean = Read(g.Mean + channel), inverse = 1 / Math.Sqrt(Read(g.Variance + channel) + epsilon);
        bool sums = !g.Frozen || g.DScale is not null || g.DShift is not null;
        for (nint n = 0; sums && n < _images; n++)
        {
            sum += RowSum(g.DY + Row(n, channel), positions);
            products += RowProducts(g.DY + Row(n, channel), g.X + Row(n, channel), mean, positions);
        }
        if (g.DShift is not null) Write(sum, g.DShift + channel);
        if (g.DScale is not null) Write(products * inverse, g.DScale + channel);
        if (g.DX is null) return;
        double a = Read(g.Scale + channel) * inverse, b = g.Frozen ? 0 : -a * inverse * inverse * products / elements, c = g.Frozen ? 0 : -a * sum / elements;
        for (nint n = 0; n < _images; n++) Differentiate(g.DY + Row(n, channel), g.X + Row(n, channel), mean, a, b, c, g.DX + Row(n, channel), positions);
    }
}
