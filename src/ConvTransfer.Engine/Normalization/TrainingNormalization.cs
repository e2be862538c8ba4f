using System.Numerics;
using ConvTransfer.Engine.Threads;

namespace ConvTransfer.Engine.Normalization;

/// <summary>The addresses of a batch normalization that follows its batches: X and Y [N, C, positions], all others one number per channel.</summary>
internal unsafe struct TrainingOperands<T, TScale, TStatistics> where T : unmanaged where TScale : unmanaged where TStatistics : unmanaged
{
    public T* X, Y;

    public TScale* Scale, Shift;

    public TStatistics* Mean, Variance;

    /// <summary>Null where nobody asks for them.</summary>
    public TStatistics* NewMean, NewVariance;
}

/// <summary>Batch normalization with the statistics of the batch, which also move the running ones: new = running · momentum + batch · (1 − momentum). Element by element in double, in any types. Immutable.</summary>
internal sealed unsafe class TrainingNormalization<T, TScale, TStatistics>(nint images, nint channels, nint positions, double epsilon, double momentum) : CrewWork
    where T : unmanaged, INumber<T> where TScale : unmanaged, INumber<TScale> where TStatistics : unmanaged, INumber<TStatistics>
{
    // Images without elements take no bytes of a file, however many they are: nothing is done for each.
    private readonly nint _images = positions == 0 ? 0 : images;

    /// <summary>Computes all channels.</summary>
    public void Run(TrainingOperands<T, TScale, TStatistics> operands, Crew crew) => crew.For(this, &operands, checked((int)channels));

    internal override void RunUnit(void* state, int unit, int worker)
    {
        ref var s = ref *(TrainingOperands<T, TScale, TStatistics>*)state;
        double sum = 0, squares = 0, elements = (double)_images * positions;
        for (nint n = 0; n < _images; n++)
            for (nint i = 0; i < positions; i++) sum += double.CreateTruncating(s.X[Row(n, unit) + i]);
        double mean = sum / elements;
        for (nint n = 0; n < _images; n++)
        {
            for (nint i = 0; i < positions; i++)
            {
                double off = double.CreateTruncating(s.X[Row(n, unit) + i]) - mean;
                squares += off * off;
            }
        }
        double variance = squares / elements, factor = double.CreateTruncating(s.Scale[unit]) / Math.Sqrt(variance + epsilon), shift = double.CreateTruncating(s.Shift[unit]);
        for (nint n = 0; n < _images; n++)
            for (nint i = 0; i < positions; i++) s.Y[Row(n, unit) + i] = T.CreateSaturating(((double.CreateTruncating(s.X[Row(n, unit) + i]) - mean) * factor) + shift);
        if (s.NewMean is not null) s.NewMean[unit] = TStatistics.CreateSaturating(Moved(double.CreateTruncating(s.Mean[unit]), mean));
        if (s.NewVariance is not null) s.NewVariance[unit] = TStatistics.CreateSaturating(Moved(double.CreateTruncating(s.Variance[unit]), variance));
    }

    private nint Row(nint image, nint channel) => ((image * channels) + channel) * positions;

    private double Moved(double running, double batch) => (running * momentum) + (batch * (1 - momentum));
}

/// <summary>The same in float32 by the kernel that trains. Immutable.</summary>
internal sealed unsafe class F32TrainingNormalization(BatchNormalizationWork<float> work, int channels, double momentum)
{
    /// <summary>Working memory in bytes: the batch's statistics.</summary>
    public long ScratchBytes => 2L * channels * sizeof(float);

    /// <summary>Computes all channels.</summary>
    /// <param name="operands">The addresses.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/>.</param>
    /// <param name="crew">The threads.</param>
    public void Run(in TrainingOperands<float, float, float> operands, byte* scratch, Crew crew)
    {
        float* mean = (float*)scratch, variance = mean + channels;
        work.Forward(operands.X, operands.Scale, operands.Shift, operands.Y, mean, variance, crew);
        if (operands.NewMean is not null) Move(operands.Mean, mean, operands.NewMean);
        if (operands.NewVariance is not null) Move(operands.Variance, variance, operands.NewVariance);
    }

    private void Move(float* running, float* batch, float* moved)
    {
        for (int c = 0; c < channels; c++) moved[c] = (float)((running[c] * momentum) + (batch[c] * (1 - momentum)));
    }
}
