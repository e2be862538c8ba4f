using ConvTransfer.Core;
using ConvTransfer.Engine.Tensors;
using ConvTransfer.Graphs;
using ConvTransfer.Imaging;
using ConvTransfer.Runtime;
using ConvTransfer.Training;

namespace ConvTransfer.Pipelines;

/// <summary>Measures mean and variance of the channels of values inside a network over pictures.</summary>
internal static class ChannelCalibration
{
    /// <summary>The number of pictures that are looked at: of more, that many, spread evenly.</summary>
    public const int MaxPictures = 256;

    /// <summary>Runs pictures through the network, each as it is. The sums are taken in the order of the pictures, whatever the number of threads.</summary>
    /// <param name="network">The network.</param>
    /// <param name="values">The values, [1, channels, …] for one picture.</param>
    /// <param name="images">The pictures, all of which can be read.</param>
    /// <param name="recipe">How they are made ready.</param>
    /// <param name="options">Threads and limits.</param>
    /// <param name="cancellationToken">Stops before the next picture.</param>
    public static Dictionary<string, ChannelStatistics> Run(Model network, ValueList<string> values, ImageDataset images, InputRecipe recipe, PipelineOptions options, CancellationToken cancellationToken)
    {
        int count = Math.Min(images.Count, MaxPictures);
        using var planner = new Planner(network, values, options.Limits);
        var preprocessor = new ImagePreprocessor(recipe);
        var sums = new double[count][][];
        var sessions = new Session?[options.Workers];
        try
        {
            ImageLoop.Run(count, options.Workers, "calibration", (worker, index) =>
            {
                var session = sessions[worker] ??= planner.CreateSession(threads: 1);
                sums[index] = Sums(session, images.Items[(int)((long)index * images.Count / count)].Path, preprocessor, options.Limits, cancellationToken);
            }, null, cancellationToken);
        }
        finally
        {
            foreach (var session in sessions) session?.Dispose();
        }
        return values.Select((value, v) => (value, Statistics([.. sums.Select(s => s[v])]))).ToDictionary(s => s.value, s => s.Item2);
    }

    // For each value: of each channel the number of elements, their sum, and the sum of the squares of their distance to the channel's mean in this picture.
    private static double[][] Sums(Session session, string path, ImagePreprocessor preprocessor, Limits limits, CancellationToken cancellationToken)
    {
        using var picture = ImageReader.Read(path, limits);
        using var input = Tensor.Uninitialized(ElementType.Float32, new Shape([1, .. preprocessor.OutputShape(new PixelSize((int)picture.Shape[0], (int)picture.Shape[1])).Dims]));
        preprocessor.Run(picture, input.AsSpan<float>());
        return Array.ConvertAll(session.Run(input, cancellationToken), result =>
        {
            using (result) return Sums(result);
        });
    }

    private static double[] Sums(Tensor value)
    {
        int channels = (int)value.Shape[1], length = checked((int)(value.ElementCount / channels));
        double[] sums = new double[3 * channels];
        var all = value.AsSpan<float>();
        for (int c = 0; c < channels; c++)
        {
            var plane = all.Slice(c * length, length);
            double sum = 0, squares = 0;
            foreach (float v in plane) sum += v;
            foreach (float v in plane) squares += Math.Pow(v - (sum / length), 2);
            (sums[3 * c], sums[(3 * c) + 1], sums[(3 * c) + 2]) = (length, sum, squares);
        }
        return sums;
    }

    // Chan, Golub and LeVeque 1983: squares about a common mean from those about the means of parts.
    private static ChannelStatistics Statistics(double[][] pictures)
    {
        int channels = pictures[0].Length / 3;
        double[] mean = new double[channels], variance = new double[channels];
        for (int c = 0; c < channels; c++)
        {
            double elements = pictures.Sum(p => p[3 * c]);
            mean[c] = pictures.Sum(p => p[(3 * c) + 1]) / elements;
            variance[c] = pictures.Sum(p => p[(3 * c) + 2] + (p[3 * c] * Math.Pow((p[(3 * c) + 1] / p[3 * c]) - mean[c], 2))) / elements;
        }
        return new ChannelStatistics(mean.ToValueList(), variance.ToValueList());
    }
}
