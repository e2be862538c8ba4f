using System.Globalization;
using ConvTransfer.Core;
using ConvTransfer.Imaging;
using ConvTransfer.Pipelines;
using Microsoft.ML;

namespace ConvTransfer.MLNet;

/// <summary>Fits a head with an estimator of ML.NET's.</summary>
internal sealed class MlNetHeadTrainer(Func<MLContext, IEstimator<ITransformer>> estimator) : HeadTrainer
{
    // Sums in float32, as ML.NET computes them, are known no better than a part of the sum of their absolute products: four roundings' worth.
    private const double Tolerance = 1e-5, PartOfSum = 1.0 / (1 << 22);

    private const int TrialWidth = 6, TrialClasses = 3, TrialRows = 4;

    /// <summary>Fits to a few made-up rows and reads the result: what an estimator fits to is not known before, and a chain does not tell its parts.</summary>
    public override void Check()
    {
        var random = new CounterRandom(seed: 1, purpose: 11);
        var rows = new float[TrialClasses * TrialRows][];
        for (int i = 0; i < rows.Length; i++) rows[i] = [.. Enumerable.Range(0, TrialWidth).Select(_ => (float)random.NextDouble())];
        Fit(new FeatureTable(new ImageDataset(["a", "b", "c"], rows.Select((_, i) => new LabelledImage($"row {i}", i % TrialClasses))), TrialWidth, rows), seed: 1);
    }

    public override LinearHead Fit(FeatureTable table, long seed, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(table);
        int[] counts = table.Images.CountByClass();
        for (int c = 0; c < counts.Length; c++)
            if (counts[c] == 0) throw new ConvTransferException(FailureCause.DataInvalid, $"class '{DisplayText.Escape(table.Labels[c])}' has no image to fit the head to");
        // ML.NET cannot be stopped within a fit.
        cancellationToken.ThrowIfCancellationRequested();
        var head = Fit(table, seed);
        cancellationToken.ThrowIfCancellationRequested();
        return head;
    }

    private LinearHead Fit(FeatureTable table, long seed)
    {
        // A context of its own for each fit: a shared one goes on in its random sequence.
        var context = new MLContext(new CounterRandom(seed, purpose: 12).Next(int.MaxValue));
        var made = estimator(context) ?? throw new InvalidOperationException("the function that makes the estimator returned null");
        var view = FeatureView.Of(context, table);
        ITransformer fitted;
        try
        {
            // The cached view can be shuffled, which the stochastic trainer needs.
            fitted = made.Fit(context.Data.Cache(view));
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or NotSupportedException or FormatException)
        {
            throw new ConvTransferException(FailureCause.DataInvalid, $"ML.NET could not fit {made.GetType().Name.Split('`')[0]}: {DisplayText.Escape(e.Message, 500)}. "
                + $"It is given the columns '{FeatureView.Features}' ({table.Width} numbers) and '{FeatureView.Label}' (a key); a normalizer that divides by a spread of zero makes numbers that are not finite", innerException: e);
        }
        using (fitted as IDisposable)
        {
            var head = HeadReader.Read(fitted, view.Schema, table.Labels, table.Width);
            Compare(head, table, FeatureView.Scores(context, fitted, view));
            return head;
        }
    }

    // The proof that the chain was read right: its own scores of every row.
    private static void Compare(LinearHead head, FeatureTable table, IEnumerable<float[]> expected)
    {
        int i = 0;
        foreach (float[] wanted in expected)
        {
            var scores = table.Scores(head, i);
            double tolerance = Math.Max(Tolerance, PartOfSum * LargestSum(head, table.Row(i)));
            for (int c = 0; c < wanted.Length; c++)
                // Written so that NaN fails.
                if (!(Math.Abs(wanted[c] - scores[c]) <= tolerance))
                    throw new ConvTransferException(FailureCause.Unsupported, string.Create(CultureInfo.InvariantCulture, $"the head that was read gives class '{DisplayText.Escape(head.Labels[c])}' the score {scores[c]}, ML.NET gives {wanted[c]}; the chain does something that was not understood"), table.FileAt(i));
            i++;
        }
    }

    private static double LargestSum(LinearHead head, ReadOnlySpan<float> features)
    {
        float[] x = features.ToArray();
        foreach (var normalizer in head.Normalizers) normalizer.Apply(x);
        var weights = head.Weights.AsSpan();
        double largest = 0;
        for (int c = 0; c < head.Labels.Count; c++)
        {
            double sum = 0;
            for (int k = 0; k < x.Length; k++) sum += Math.Abs((double)weights[(c * x.Length) + k] * x[k]);
            largest = Math.Max(largest, sum);
        }
        return largest;
    }
}
